package origin

import (
	"crypto/tls"
	"net/http/httptest"
	"net/url"
	"testing"
)

func policy(t *testing.T) Policy {
	t.Helper()
	public, err := url.Parse("https://app.example.com")
	if err != nil {
		t.Fatal(err)
	}
	return Policy{PublicURL: public, Covers: func(host string) bool { return host == "host.lan" },
		Extra: []string{"https://other.example.com:8443", "capacitor://localhost", "app://Turnike.Desktop:90"}}
}

// TestSEC32_Allowed checks that scheme, host and port must be those of the request, on a
// host that is one of this server's, or on the list.
func TestSEC32_Allowed(t *testing.T) {
	p := policy(t)
	for _, c := range []struct {
		host, origin string
		tls, want    bool
	}{
		{"localhost:5000", "https://localhost:5000", true, true},
		{"localhost:5000", "HTTPS://LOCALHOST:5000", true, true},
		{"localhost:5000", "http://localhost:5000", true, false},
		{"localhost:5000", "https://localhost:5001", true, false},
		{"localhost:5000", "https://localhost", true, false},
		{"localhost:5000", "https://localhost:5000.evil.com", true, false},
		{"localhost:5000", "https://evil.com", true, false},
		{"localhost:5000", "null", true, false},
		{"localhost:5000", "https://localhost:5000/", true, false},
		{"localhost:5000", "https://u@localhost:5000", true, false},
		{"localhost:5000", "https://localhost:5000?", true, false},
		{"localhost:5000", "", true, false},
		{"127.0.0.1:5000", "https://127.0.0.1:5000", true, true},
		{"[::1]:5000", "https://[::1]:5000", true, true},
		{"host.lan", "https://host.lan:443", true, true},
		{"localhost", "http://localhost:80", false, true},
		{"evil.com:5000", "https://evil.com:5000", true, false}, // rebound DNS
		{"app.example.com", "https://app.example.com", false, true},
		{"app.example.com", "http://app.example.com", false, false},
		{"app.example.com:443", "https://app.example.com", false, true},
		{"localhost:5000", "https://other.example.com:8443", true, true},
		{"localhost:5000", "https://other.example.com", true, false},
		{"localhost:5000", "https://x.other.example.com:8443", true, false},
		{"localhost:5000", "capacitor://localhost", true, true}, // native apps have schemes of their own
		{"localhost:5000", "Capacitor://LOCALHOST", true, true},
		{"localhost:5000", "app://turnike.desktop:90", true, true},
		{"localhost:5000", "capacitor://localhost:80", true, false},
		{"localhost:5000", "ionic://localhost", true, false},
		{"localhost:5000", "https://localhost", true, false},
		{"localhost:5000", "capacitor://", true, false},
		{"localhost:5000", "capacitor:localhost", true, false},
		{"localhost:5000", "capacitor://localhost/", true, false},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Host, r.TLS = c.host, nil
		if c.tls {
			r.TLS = &tls.ConnectionState{}
		}
		if got := p.Allowed(r, c.origin); got != c.want {
			t.Errorf("host %s origin %q: %v", c.host, c.origin, got)
		}
	}
}

// TestSEC32_OfHost checks the origins that programs build from the address they dial, and
// that no other host's pass.
func TestSEC32_OfHost(t *testing.T) {
	for _, c := range []struct {
		host, origin string
		want         bool
	}{
		{"localhost:5000", "ws://localhost:5000", true},
		{"localhost:5000", "wss://localhost:5000", true},
		{"localhost:5000", "http://localhost:5000", true},
		{"localhost:5000", "https://localhost:5000", true},
		{"localhost:5000", "https://localhost:5000/", true},
		{"localhost:5000", "wss://LOCALHOST:5000/", true},
		{"app.example.com", "wss://app.example.com:443", true},
		{"app.example.com:443", "wss://app.example.com", true},
		{"app.example.com:80", "ws://app.example.com/", true},
		{"[::1]:5000", "http://[::1]:5000", true},
		{"10.0.0.7:5000", "http://10.0.0.7:5000", true},
		{"app.example.com:443", "ws://app.example.com", false},
		{"localhost:5000", "https://localhost:5001", false},
		{"localhost:5000", "https://localhost", false},
		{"localhost:5000", "https://evil.example", false},
		{"localhost:5000", "https://localhost:5000.evil.example", false},
		{"localhost:5000", "https://localhost:5000//", false},
		{"localhost:5000", "https://localhost:5000/socket.io/", false},
		{"localhost:5000", "https://localhost:5000/?x", false},
		{"localhost:5000", "https://u@localhost:5000", false},
		{"localhost:5000", "capacitor://localhost:5000", false},
		{"localhost:5000", "null", false},
		{"localhost:5000", "", false},
		{"", "", false},
		{"", "http://", false},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Host = c.host
		if got := OfHost(r, c.origin); got != c.want {
			t.Errorf("host %s origin %q: %v", c.host, c.origin, got)
		}
	}
}

// TestSEC35_ReturnTo checks that only paths of this server are returned.
func TestSEC35_ReturnTo(t *testing.T) {
	p := policy(t)
	r := httptest.NewRequest("GET", "/", nil)
	r.Host, r.TLS = "localhost:5000", &tls.ConnectionState{}
	for target, want := range map[string]string{
		"/app":                              "/app",
		"/app?x=1&y=%2F":                    "/app?x=1&y=%2F",
		"/":                                 "/",
		"https://localhost:5000/app":        "/app",
		"https://localhost:5000":            "/",
		"/a/%2e%2e/b":                       "/a/%2e%2e/b",
		"":                                  "",
		"app":                               "",
		"//evil.com":                        "",
		"//evil.com/%2f..":                  "",
		"///evil.com":                       "",
		"/\\evil.com":                       "",
		"\\\\evil.com":                      "",
		"/%5cevil.com":                      "",
		"https:evil.com":                    "",
		"https:///evil.com":                 "",
		"https://evil.com":                  "",
		"https://localhost:5000@evil.com":   "",
		"https://u:p@localhost:5000/":       "",
		"https://localhost:5000.evil.com/":  "",
		"http://localhost:5000/":            "",
		"https://localhost:5000//evil.com":  "",
		"https://localhost:5000/%5c%5cevil": "",
		"javascript:alert(1)":               "",
		"data:text/html,x":                  "",
		"/\tevil":                           "",
		"/\nevil":                           "",
		" /app":                             "",
		"/a\x00b":                           "",
		"/%00":                              "",
		"/%0d%0aSet-Cookie:x":               "",
		"/ü":                                "",
		"?x":                                "",
		"#x":                                "",
	} {
		got, ok := p.ReturnTo(r, target)
		if got != want || ok != (want != "") {
			t.Errorf("%q: %q, %v; want %q", target, got, ok, want)
		}
	}
}
