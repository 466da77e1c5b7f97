package e2e

import (
	"strings"
	"testing"

	"github.com/turnike/turnike/e2e/harness"
)

// TestSEC32_RefusalsLeaveATrace: a refused login and a refused socket are logged once,
// with user, address, and the configuration key to check. The page at an unknown address
// says what the operator must configure.
func TestSEC32_RefusalsLeaveATrace(t *testing.T) {
	t.Parallel()
	s := harness.Start(t)
	lan := "server.lan:" + s.Port()
	for range 3 {
		s.Browser().Do(harness.Request{Method: "POST", Path: "/login-token", Host: lan, JSON: harness.Credentials{Username: "ali", Password: harness.Password},
			Header: map[string]string{"Origin": "https://" + lan}}).Problem(403, "cross_origin")
		s.Browser().Do(harness.Request{Path: "/socket.io/?EIO=4&transport=polling", Header: map[string]string{"Origin": "https://app.example.com"}}).
			Problem(403, "cross_origin")
	}
	for language, text := range map[string]string{"en": "This address is not configured", "tr": "Bu adres tanımlı değil"} {
		page := s.Browser().Do(harness.Request{Path: "/", Host: lan, Header: map[string]string{"Accept": "text/html", "Accept-Language": language}}).Want(200)
		if !strings.Contains(page.Body, text) || !strings.Contains(page.Body, "server.public_url = &#34;https://"+lan+"&#34;") {
			t.Errorf("the page says\n%s", page.Body)
		}
	}
	s.Browser().Do(harness.Request{Path: "/", Header: map[string]string{"Accept": "text/html"}}).Want(200)
	s.Stop()
	lines := s.Logged("request refused: its origin is not allowed here")
	if len(lines) != 2 {
		t.Fatalf("%d lines: %v", len(lines), lines)
	}
	for i, want := range []map[string]any{
		{"origin": "https://" + lan, "own": "", "host": lan, "remote": "127.0.0.1", "path": "/login-token", "key": "server.public_url"},
		{"origin": "https://app.example.com", "own": s.URL, "remote": "127.0.0.1", "path": "/socket.io/", "key": "socketio.allowed_origins"},
	} {
		for key, value := range want {
			if lines[i][key] != value {
				t.Errorf("%s = %v, want %v in %v", key, lines[i][key], value, lines[i])
			}
		}
	}
}
