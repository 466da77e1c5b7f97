package api

import (
	"net/http"

	"github.com/turnike/turnike/internal/auth"
	"github.com/turnike/turnike/internal/login"
)

// setCookie sets a cookie the way both of ours are [SEC-17].
func setCookie(w http.ResponseWriter, name, value string, maxAge int) {
	http.SetCookie(w, &http.Cookie{Name: name, Value: value, Path: "/", MaxAge: maxAge,
		Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode})
}

func clearSessionCookie(w http.ResponseWriter) { setCookie(w, auth.SessionCookie, "", -1) }

// device returns the device of the request's cookie, or a new one.
func device(r *http.Request) login.Device {
	var value string
	if c, err := r.Cookie(auth.DeviceCookie); err == nil {
		value = c.Value
	}
	return login.ReadDevice(value)
}
