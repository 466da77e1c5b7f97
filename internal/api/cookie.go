package api

import (
	"crypto/rand"
	"crypto/sha256"
	"net/http"
	"time"

	"github.com/turnike/turnike/internal/auth"
)

// deviceLife is how long a browser remembers that it is a known device.
const deviceLife = 365 * 24 * time.Hour

// setCookie sets a cookie the way both of ours are [SEC-17].
func setCookie(w http.ResponseWriter, name, value string, maxAge int) {
	http.SetCookie(w, &http.Cookie{Name: name, Value: value, Path: "/", MaxAge: maxAge,
		Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode})
}

func clearSessionCookie(w http.ResponseWriter) { setCookie(w, auth.SessionCookie, "", -1) }

// device returns the value of the request's device cookie, or a new one, and
// its hash: the value itself is never stored [SEC-15].
func device(r *http.Request) (value string, hash []byte) {
	if c, err := r.Cookie(auth.DeviceCookie); err == nil && validDevice(c.Value) {
		value = c.Value
	} else {
		value = rand.Text()
	}
	sum := sha256.Sum256([]byte(value))
	return value, sum[:]
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
