package site

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestSEC34_EveryAnswer checks that every answer of the site's router has the security
// headers: its own 404s and redirects too.
func TestSEC34_EveryAnswer(t *testing.T) {
	s, err := New(Config{BasePath: "/base", Draining: func() bool { return true }, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	teapot := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	routes := s.Routes(teapot, teapot)
	for target, want := range map[string]int{
		"/base/healthz":             http.StatusOK,
		"/base/readyz":              http.StatusServiceUnavailable,
		"/base/metrics":             http.StatusNotFound,
		"/base/login-token":         http.StatusMethodNotAllowed,
		"/base/socket.io/":          http.StatusTeapot,
		"/base/socket.io":           http.StatusTeapot,
		"/base/socket.io/client.js": http.StatusNotFound,
		"/base/assets":              http.StatusTemporaryRedirect, // by the router, as the next two
		"/base//healthz":            http.StatusTemporaryRedirect,
		"/x/../base/healthz":        http.StatusTemporaryRedirect,
		"/base":                     http.StatusPermanentRedirect,
		"/healthz":                  http.StatusNotFound,
		"/base/healthz?token=x":     http.StatusBadRequest,
		"/elsewhere?access_token=x": http.StatusBadRequest,
	} {
		w := httptest.NewRecorder()
		routes.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, target, nil))
		if csp := w.Header().Get("Content-Security-Policy"); w.Code != want || !strings.HasPrefix(csp, "default-src 'none'") {
			t.Errorf("%s: %d, want %d; policy %q", target, w.Code, want, csp)
		}
	}
}
