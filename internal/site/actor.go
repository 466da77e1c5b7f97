package site

import (
	"net/http"

	"github.com/turnike/turnike/internal/session"
	"github.com/turnike/turnike/internal/webhttp"
)

// actor returns the account behind a request, as the event log names it. w has the
// id that the middleware gave the request.
func (s *Site) actor(w http.ResponseWriter, r *http.Request, user session.User) session.Actor {
	return session.Actor{Kind: session.KindUser, ID: user.ID, Name: user.Name, Address: s.clientAddress(r),
		Request: w.Header().Get(webhttp.RequestIDHeader)}
}
