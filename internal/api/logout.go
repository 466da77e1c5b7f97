package api

import (
	"errors"
	"net/http"

	"github.com/turnike/turnike/internal/auth"
	"github.com/turnike/turnike/internal/session"
)

// logout is POST /logout: the session is over everywhere before the answer goes
// out [I2]. A browser whose session is over already gets what it wanted.
func (a *API) logout(w http.ResponseWriter, r *http.Request) error {
	id, err := a.auth.Request(r)
	var refused *auth.Error
	switch {
	case errors.As(err, &refused) && refused.Cookie && refused.Code == string(session.Rotated):
		// The browser holds the successor's cookie by now; leave it.
	case errors.As(err, &refused) && refused.Cookie:
		clearSessionCookie(w)
	case err != nil:
		return err
	default:
		if _, err := a.core.End(r.Context(), a.actor(w, r, id.User), session.Ending{User: id.User.ID, Session: id.Session.ID, Code: session.LoggedOut}); err != nil {
			return err
		}
		if r.Header.Get("Authorization") == "" || a.sameCookieSession(r, id) {
			clearSessionCookie(w)
		}
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// sameCookieSession tells whether the cookie sent beside a bearer token names
// the session that just ended.
func (a *API) sameCookieSession(r *http.Request, id auth.Identity) bool {
	c, err := r.Cookie(auth.SessionCookie)
	if err != nil {
		return false
	}
	claims, err := a.auth.Claims(c.Value)
	return err == nil && claims.Session == id.Session.ID
}
