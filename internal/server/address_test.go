package server

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
)

// TestSEC47_ClientAddress: forwarding headers count only from trusted proxies,
// and only as far as those wrote them.
func TestSEC47_ClientAddress(t *testing.T) {
	address := ClientAddress([]netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")})
	for _, c := range []struct {
		peer    string
		headers []string
		want    string
	}{
		{"203.0.113.7:1234", nil, "203.0.113.7"},
		{"203.0.113.7:1234", []string{"198.51.100.1"}, "203.0.113.7"}, // not one of ours
		{"10.0.0.1:1234", nil, "10.0.0.1"},
		{"10.0.0.1:1234", []string{"198.51.100.1"}, "198.51.100.1"},
		{"10.0.0.1:1234", []string{"6.6.6.6, 198.51.100.1"}, "198.51.100.1"}, // the client's own claim
		{"10.0.0.1:1234", []string{"6.6.6.6", "198.51.100.1, 10.2.3.4"}, "198.51.100.1"},
		{"10.0.0.1:1234", []string{"junk, 10.2.3.4"}, "10.2.3.4"},
		{"10.0.0.1:1234", []string{"198.51.100.1:80"}, "10.0.0.1"},
		{"[fd00::1]:1234", []string{"2001:db8::1"}, "2001:db8::1"},
		{"[::ffff:10.0.0.1]:1234", []string{"::ffff:198.51.100.1"}, "198.51.100.1"},
		{"10.0.0.1:1234", []string{"fe80::1%eth0"}, "fe80::1"},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = c.peer
		r.Header["X-Forwarded-For"] = c.headers
		if got := address(r); got != c.want {
			t.Errorf("%s %v: %s, want %s", c.peer, c.headers, got, c.want)
		}
	}
}
