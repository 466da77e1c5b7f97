package e2e

import (
	"testing"

	"github.com/turnike/turnike/e2e/harness"
)

// TestBasePath: all routes are below server.base_path, every redirect stays below it,
// and no route exists outside it.
func TestBasePath(t *testing.T) {
	t.Parallel()
	s := harness.Start(t, harness.Set("server.base_path", "/ic/turnike/"))
	page := map[string]string{"Accept": "text/html"}
	b := s.Browser()
	for path, want := range map[string]string{"?return_to=%2Fapp": "/ic/turnike/?return_to=%2Fapp", "/socket": "/ic/turnike/",
		"/favicon.ico": "/ic/turnike/assets/favicon.svg"} {
		if got := b.Do(harness.Request{Path: path, Header: page}).Header.Get("Location"); got != want {
			t.Errorf("%s leads to %q, want %q", path, got, want)
		}
	}
	b.Get("/assets/turnike.css").Want(200)
	b.Get("/healthz").Want(200)
	token := b.Login("ali").Token
	for target, want := range map[string]string{"": "/ic/turnike/socket", "/": "/", "/app": "/app", "/ic/turnike": "/ic/turnike/socket",
		"/ic/turnike/?x": "/ic/turnike/socket", "//evil.example": "/ic/turnike/socket"} {
		if got := b.Get("/?return_to=" + target).Header.Get("Location"); got != want {
			t.Errorf("return_to %q leads to %q, want %q", target, got, want)
		}
	}
	for _, transport := range transports {
		k := s.Dial(harness.Dial{Transport: transport, Token: token})
		k.Register()
		k.Leave()
	}
	s.Must("healthcheck")
	below := s.URL
	s.URL = "https://" + s.Addr()
	for _, path := range []string{"/", "/socket", "/healthz", "/socket.io/?EIO=4&transport=polling", "/ic", "/ic/turnikes"} {
		b.Get(path).Problem(404, "not_found")
	}
	s.URL = below
	b.Post("/logout").Want(204)
}
