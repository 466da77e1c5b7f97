package api

import (
	"errors"
	"net/http"
	"strings"

	"github.com/turnike/turnike/internal/auth"
)

// guard lets only requests with a live session through; every protected route
// stands behind it. Such a request is activity of its session [A4] [S11].
func (a *API) guard(next handler) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		id, err := a.auth.Request(r)
		if err != nil {
			return err
		}
		a.core.Active(id.Session.ID)
		return next(w, r)
	}
}

// toLogin sends a browser that the guard refused to the login page; others get
// the refusal itself.
func (a *API) toLogin(next handler) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		err := next(w, r)
		var refused *auth.Error
		if !errors.As(err, &refused) || !acceptsHTML(r) {
			return err
		}
		if refused.Forget() {
			clearSessionCookie(w)
		}
		w.Header().Set("Cache-Control", "no-store")
		http.Redirect(w, r, a.base+"/", http.StatusFound)
		return nil
	}
}

// acceptsHTML tells whether the request asks for a page by name.
func acceptsHTML(r *http.Request) bool {
	return strings.Contains(r.Header.Get("Accept"), "text/html")
}
