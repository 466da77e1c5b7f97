package webhttp

import (
	"net/http"

	"github.com/turnike/turnike/internal/auth"
)

// SetCookie sets one of our cookies. All have the same attributes [SEC-17].
func SetCookie(w http.ResponseWriter, name, value string, maxAge int) {
	http.SetCookie(w, &http.Cookie{Name: name, Value: value, Path: "/", MaxAge: maxAge,
		Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode})
}

// ClearSessionCookie makes the browser delete the session cookie.
func ClearSessionCookie(w http.ResponseWriter) { SetCookie(w, auth.SessionCookie, "", -1) }
