package api

import (
	"crypto/rand"
	"crypto/sha256"
	"net/http"

	"github.com/turnike/turnike/internal/auth"
)

// setCookie sets a cookie the way both of ours are [SEC-17].
func setCookie(w http.ResponseWriter, name, value string, maxAge int) {
	http.SetCookie(w, &http.Cookie{Name: name, Value: value, Path: "/", MaxAge: maxAge,
		Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode})
}

func clearSessionCookie(w http.ResponseWriter) { setCookie(w, auth.SessionCookie, "", -1) }

// deviceCookie is the value of a device cookie and its hash: the value itself is
// never stored [SEC-15].
type deviceCookie struct {
	value string
	hash  []byte
	shown bool // by the request; else it is new
}

// device reads the request's device cookie, or makes a new one.
func device(r *http.Request) deviceCookie {
	d := deviceCookie{value: rand.Text()}
	if c, err := r.Cookie(auth.DeviceCookie); err == nil && validDevice(c.Value) {
		d.value, d.shown = c.Value, true
	}
	sum := sha256.Sum256([]byte(d.value))
	d.hash = sum[:]
	return d
}

// validDevice accepts what rand.Text makes: 26 characters of base32.
func validDevice(s string) bool {
	if len(s) != 26 {
		return false
	}
	for _, c := range s {
		if (c < 'A' || c > 'Z') && (c < '2' || c > '7') {
			return false
		}
	}
	return true
}
