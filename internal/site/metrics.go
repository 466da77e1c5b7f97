package site

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"

	"github.com/turnike/turnike/internal/auth"
	"github.com/turnike/turnike/internal/webhttp"
)

// metrics is GET /metrics. It needs the configured metrics.token; tokens of sessions do
// not count. Without a configured token the route does not exist.
func (s *Site) metrics(figures http.Handler) webhttp.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		if !s.metricsToken.IsSet() {
			return webhttp.ErrNotFound
		}
		given, shown, err := auth.Bearer(r)
		switch {
		case !shown:
			return &webhttp.Problem{Status: http.StatusUnauthorized, Code: auth.CodeUnauthorized}
		case err != nil || !same(given, s.metricsToken.Reveal()):
			return &webhttp.Problem{Status: http.StatusUnauthorized, Code: auth.CodeInvalidToken}
		}
		w.Header().Set("Cache-Control", "no-store")
		figures.ServeHTTP(w, r)
		return nil
	}
}

// same compares secrets in a time that depends on neither their content nor their
// length.
func same(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}
