package server

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
)

// networks are the trusted ones of these tests.
func networks() []netip.Prefix {
	return []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8"), netip.MustParsePrefix("fe80::/64")}
}

// TestSEC47_ClientAddress checks that forwarding headers count only from trusted proxies,
// and only the part that those wrote.
func TestSEC47_ClientAddress(t *testing.T) {
	address := ClientAddress(networks())
	for _, c := range []struct {
		peer    string
		headers []string
		want    string
	}{
		{"203.0.113.7:1234", nil, "203.0.113.7"},
		{"203.0.113.7:1234", []string{"198.51.100.1"}, "203.0.113.7"}, // not one of ours
		{"10.0.0.1:1234", nil, "10.0.0.1"},
		{"10.0.0.1:1234", []string{""}, "10.0.0.1"},
		{"10.0.0.1:1234", []string{"198.51.100.1"}, "198.51.100.1"},
		{"10.0.0.1:1234", []string{"6.6.6.6, 198.51.100.1"}, "198.51.100.1"}, // the client's own claim
		{"10.0.0.1:1234", []string{"6.6.6.6", "198.51.100.1, 10.2.3.4"}, "198.51.100.1"},
		{"10.0.0.1:1234", []string{"198.51.100.1", "10.9.9.9", "10.2.3.4"}, "198.51.100.1"}, // a line each
		{"10.0.0.1:1234", []string{"10.9.9.9, 10.2.3.4"}, "10.9.9.9"},                       // all are ours
		{"10.0.0.1:1234", []string{"junk, 10.2.3.4"}, "10.2.3.4"},
		{"10.0.0.1:1234", []string{"198.51.100.1, junk"}, "10.0.0.1"},
		{"10.0.0.1:1234", []string{"198.51.100.1,"}, "10.0.0.1"},
		{"10.0.0.1:1234", []string{"198.51.100.1:80"}, "198.51.100.1"},
		{"10.0.0.1:1234", []string{"198.51.100.1:99999"}, "10.0.0.1"},
		{"10.0.0.1:1234", []string{"010.0.0.1"}, "10.0.0.1"},
		{"10.0.0.1:1234", []string{"0xc6336401"}, "10.0.0.1"},
		{"[fd00::1]:1234", []string{"2001:db8::1"}, "2001:db8::1"},
		{"[fd00::1]:1234", []string{"[2001:db8::1]"}, "2001:db8::1"},
		{"[fd00::1]:1234", []string{"[2001:db8::1]:443"}, "2001:db8::1"},
		{"[fe80::1%eth0]:1234", []string{"198.51.100.1"}, "198.51.100.1"}, // the zone is ours to know
		{"[fe80::1%eth0]:1234", nil, "fe80::1"},
		{"[::ffff:10.0.0.1]:1234", []string{"::ffff:198.51.100.1"}, "198.51.100.1"},
		{"10.0.0.1:1234", []string{"2001:db8::1%eth0"}, "2001:db8::1"},
		{"10.0.0.1:1234", []string{"198.51.100.1, fe80::1%x"}, "198.51.100.1"},
		{"@", []string{"198.51.100.1"}, "@"}, // a socket without addresses
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = c.peer
		r.Header["X-Forwarded-For"] = c.headers
		if got := address(r); got != c.want {
			t.Errorf("%s %q: %s, want %s", c.peer, c.headers, got, c.want)
		}
	}
}
