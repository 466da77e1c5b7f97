package api

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"

	"github.com/turnike/turnike/internal/auth"
)

// metrics gives the figures to who knows metrics.token: another credential than
// any session's, and the only one that counts here. Where none is set there is
// no such route.
func (a *API) metrics(figures http.Handler) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		if !a.metricsToken.IsSet() {
			return ErrNotFound
		}
		given, shown, err := auth.Bearer(r)
		switch {
		case !shown:
			return &Problem{Status: http.StatusUnauthorized, Code: auth.CodeUnauthorized}
		case err != nil || !same(given, a.metricsToken.Reveal()):
			return &Problem{Status: http.StatusUnauthorized, Code: auth.CodeInvalidToken}
		}
		w.Header().Set("Cache-Control", "no-store")
		figures.ServeHTTP(w, r)
		return nil
	}
}

// same compares secrets in a time that tells nothing of them, their lengths
// included.
func same(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}
