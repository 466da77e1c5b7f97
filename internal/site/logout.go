package site

import (
	"errors"
	"net/http"

	"github.com/turnike/turnike/internal/auth"
	"github.com/turnike/turnike/internal/session"
	"github.com/turnike/turnike/internal/webhttp"
)

// logout is POST /logout. The session has ended everywhere before the answer goes out
// [I2]. When the session of a browser had ended before, that is no error.
func (s *Site) logout(w http.ResponseWriter, r *http.Request) error {
	id, err := s.auth.Request(r)
	var refused *auth.Error
	switch {
	case errors.As(err, &refused) && refused.Cookie && refused.Code == string(session.Rotated):
		// The browser may already have the cookie of the new session: keep it.
	case errors.As(err, &refused) && refused.Cookie:
		webhttp.ClearSessionCookie(w)
	case err != nil:
		return err
	default:
		if _, err := s.core.End(r.Context(), s.actor(w, r, id.User), session.Ending{User: id.User.ID, Session: id.Session.ID, Code: session.LoggedOut}); err != nil {
			return err
		}
		if r.Header.Get("Authorization") == "" || s.sameCookieSession(r, id) {
			webhttp.ClearSessionCookie(w)
		}
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// sameCookieSession reports whether the cookie sent beside a bearer token belongs to
// the session that just ended.
func (s *Site) sameCookieSession(r *http.Request, id auth.Identity) bool {
	c, err := r.Cookie(auth.SessionCookie)
	if err != nil {
		return false
	}
	claims, err := s.auth.Claims(c.Value)
	return err == nil && claims.Session == id.Session.ID
}
