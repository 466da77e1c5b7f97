package server

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/turnike/turnike/internal/origin"
)

// TestSEC47_Forwarded checks every kind of forwarding header, alone, together and malformed,
// from a trusted proxy and from others.
func TestSEC47_Forwarded(t *testing.T) {
	const proxy, stranger = "10.0.0.1:1", "203.0.113.7:1"
	for _, c := range []struct {
		name, peer string
		header     http.Header
		want       seen
	}{
		{"not from a proxy", stranger, http.Header{"X-Forwarded-For": {"6.6.6.6"}, "X-Forwarded-Proto": {"https"}, "X-Forwarded-Host": {"h"},
			"Forwarded": {"for=6.6.6.6;proto=https;host=h"}}, seen{"203.0.113.7", "", ""}},
		{"X", proxy, http.Header{"X-Forwarded-For": {"198.51.100.1"}, "X-Forwarded-Proto": {"HTTPS"}, "X-Forwarded-Host": {"h:8443"}},
			seen{"198.51.100.1", "https", "h:8443"}},
		{"X of two proxies that append", proxy, http.Header{"X-Forwarded-For": {"6.6.6.6, 198.51.100.1, 10.0.0.2"},
			"X-Forwarded-Proto": {"https, http"}, "X-Forwarded-Host": {"evil, h, inner"}}, seen{"198.51.100.1", "https", "h"}},
		{"X of two proxies that replace", proxy, http.Header{"X-Forwarded-For": {"198.51.100.1, 10.0.0.2"},
			"X-Forwarded-Proto": {"https"}, "X-Forwarded-Host": {"h"}}, seen{"198.51.100.1", "https", "h"}},
		{"X of one proxy that appends to a claim", proxy, http.Header{"X-Forwarded-For": {"6.6.6.6, 198.51.100.1"},
			"X-Forwarded-Proto": {"https", "http"}, "X-Forwarded-Host": {"evil", "h"}}, seen{"198.51.100.1", "http", "h"}},
		{"X without an address", proxy, http.Header{"X-Forwarded-Proto": {"https"}}, seen{"10.0.0.1", "https", ""}},
		{"websocket's scheme", proxy, http.Header{"X-Forwarded-Proto": {"wss"}}, seen{"10.0.0.1", "https", ""}},
		{"junk", proxy, http.Header{"X-Forwarded-Proto": {"gopher"}, "X-Forwarded-Host": {"a@b"}}, seen{"10.0.0.1", "", ""}},
		{"junk host", proxy, http.Header{"X-Forwarded-Host": {"h/p"}}, seen{"10.0.0.1", "", ""}},
		{"junk port", proxy, http.Header{"X-Forwarded-Host": {"h:p"}}, seen{"10.0.0.1", "", ""}},
		{"IPv6 host", proxy, http.Header{"X-Forwarded-Host": {"[::1]:5000"}}, seen{"10.0.0.1", "", "[::1]:5000"}},
		{"IPv6 host with a zone", proxy, http.Header{"X-Forwarded-Host": {"[fe80::1%25x]"}}, seen{"10.0.0.1", "", ""}},

		{"Forwarded", proxy, http.Header{"Forwarded": {`For="[2001:db8::1]:4711";Proto=https;host="h:8443";by=_me`}},
			seen{"2001:db8::1", "https", "h:8443"}},
		{"Forwarded of two", proxy, http.Header{"Forwarded": {"for=6.6.6.6;proto=http;host=evil", `for=198.51.100.1;proto=https;host=h , for=10.0.0.2;proto=http;host=inner`}},
			seen{"198.51.100.1", "https", "h"}},
		{"Forwarded for somebody hidden", proxy, http.Header{"Forwarded": {"for=6.6.6.6;host=evil, for=_hidden;proto=https;host=h"}},
			seen{"10.0.0.1", "https", "h"}},
		{"a comma in quotes", proxy, http.Header{"Forwarded": {`for=198.51.100.1;ext="a, for=6.6.6.6"`}}, seen{"198.51.100.1", "", ""}},
		{"a quote that never ends", proxy, http.Header{"Forwarded": {`for="198.51.100.1`}}, seen{"10.0.0.1", "", ""}},
		{"a client's open quote", proxy, http.Header{"Forwarded": {`for="6.6.6.6`, "for=198.51.100.1;proto=https"}}, seen{"10.0.0.1", "", ""}},
		{"no pair", proxy, http.Header{"Forwarded": {"198.51.100.1"}}, seen{"10.0.0.1", "", ""}},
		{"empty", proxy, http.Header{"Forwarded": {""}}, seen{"10.0.0.1", "", ""}},

		{"both agree", proxy, http.Header{"X-Forwarded-For": {"198.51.100.1"}, "X-Forwarded-Proto": {"https"},
			"Forwarded": {"for=198.51.100.1;proto=https"}}, seen{"198.51.100.1", "https", ""}},
		{"both, another address", proxy, http.Header{"X-Forwarded-For": {"198.51.100.1"}, "Forwarded": {"for=6.6.6.6"}}, seen{"10.0.0.1", "", ""}},
		{"both, another host", proxy, http.Header{"X-Forwarded-For": {"198.51.100.1"}, "Forwarded": {"for=198.51.100.1;host=evil"}}, seen{"10.0.0.1", "", ""}},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr, r.Header = c.peer, c.header
		if got := proxies(networks()).see(r); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}

// TestSEC47_LookThrough checks that routes see the scheme and host that the client used.
func TestSEC47_LookThrough(t *testing.T) {
	for _, c := range []struct{ peer, want string }{{"10.0.0.1:1", "https://app.example.com"}, {"203.0.113.7:1", "http://inner"}} {
		var got string
		h := proxies(networks()).lookThrough(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			got = origin.Scheme(r) + "://" + r.Host
		}))
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr, r.Host = c.peer, "inner"
		r.Header = http.Header{"X-Forwarded-Proto": {"https"}, "X-Forwarded-Host": {"app.example.com"}}
		h.ServeHTTP(httptest.NewRecorder(), r)
		if got != c.want {
			t.Errorf("from %s: %s", c.peer, got)
		}
	}
}
