package site

import (
	"errors"
	"net/http"

	"github.com/turnike/turnike/internal/auth"
	"github.com/turnike/turnike/internal/webhttp"
)

// guard refuses requests without a live session. A request that passes counts as
// activity of its session [A4] [S11].
func (s *Site) guard(next webhttp.Handler) webhttp.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		id, err := s.auth.Request(r)
		if err != nil {
			return err
		}
		s.core.Active(id.Session.ID)
		return next(w, r)
	}
}

// toLogin redirects browsers that the guard refused to the login page. Other clients
// get the refusal itself.
func (s *Site) toLogin(next webhttp.Handler) webhttp.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		err := next(w, r)
		var refused *auth.Error
		if !errors.As(err, &refused) || !webhttp.AcceptsHTML(r) {
			return err
		}
		if refused.Forget() {
			webhttp.ClearSessionCookie(w)
		}
		w.Header().Set("Cache-Control", "no-store")
		http.Redirect(w, r, s.base+"/", http.StatusFound)
		return nil
	}
}
