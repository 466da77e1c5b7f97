package server

import (
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"github.com/turnike/turnike/internal/origin"
)

// seen is a request as its client made it: the client's address, and the scheme and host
// that it used when a trusted proxy reports them.
type seen struct{ address, scheme, host string }

// see finds the client behind the trusted proxies [SEC-47]. Each proxy appends an entry
// about its own peer. The last entry counts when our peer is trusted, the one before it
// when the address in the last entry is trusted, and so on. The first address that is
// not trusted is the client.
func (p proxies) see(r *http.Request) seen {
	peer, name, ok := peerOf(r)
	if !ok || !p.trust(peer) {
		return seen{address: name}
	}
	direct := seen{address: plain(peer).String()}
	x, hasX := xForwarded(r.Header)
	f, hasF := forwarded(r.Header)
	switch {
	case hasX && hasF:
		// A proxy sets one kind of header and passes the other on as the client sent it.
		// It is not known which, so they count only when they agree.
		if a, b := p.walk(peer, x), p.walk(peer, f); a == b {
			return a
		}
		return direct
	case hasX:
		return p.walk(peer, x)
	case hasF:
		return p.walk(peer, f)
	}
	return direct
}

// hop is what one proxy reports about its peer.
type hop struct{ client, scheme, host string }

// walk reads the hops from the right, up to the first one that is not a trusted proxy.
func (p proxies) walk(peer netip.Addr, hops []hop) seen {
	client, last := peer, hop{}
	for i := len(hops) - 1; i >= 0; i-- {
		last = hops[i]
		a, ok := readAddress(last.client)
		if !ok {
			break // entries before an unreadable one cannot be trusted
		}
		client = a
		if !p.trust(client) {
			break
		}
	}
	return seen{address: plain(client).String(), scheme: readScheme(last.scheme), host: readHost(last.host)}
}

// xForwarded reads the X-Forwarded-… headers. Proxies append to -For, and append to or
// replace the others. So a shorter list is read from its right, and its first word counts
// for all hops before it.
func xForwarded(h http.Header) ([]hop, bool) {
	clients, schemes, hosts := words(h, "X-Forwarded-For"), words(h, "X-Forwarded-Proto"), words(h, "X-Forwarded-Host")
	if len(clients)+len(schemes)+len(hosts) == 0 {
		return nil, false
	}
	hops := make([]hop, max(len(clients), 1))
	for i := range hops {
		fromRight := len(hops) - 1 - i
		hops[i] = hop{at(clients, fromRight), at(schemes, fromRight), at(hosts, fromRight)}
	}
	return hops, true
}

// words returns the values of a list header, from all its lines.
func words(h http.Header, name string) []string {
	lines := h.Values(name)
	if len(lines) == 0 {
		return nil
	}
	all := strings.Split(strings.Join(lines, ","), ",")
	for i := range all {
		all[i] = strings.TrimSpace(all[i])
	}
	return all
}

// at returns the word at a distance from the right, or the first word when the list is
// shorter.
func at(list []string, fromRight int) string {
	if len(list) == 0 {
		return ""
	}
	return list[max(len(list)-1-fromRight, 0)]
}

// forwarded reads the Forwarded header (RFC 7239, section 4). A malformed header has no
// hops.
func forwarded(h http.Header) ([]hop, bool) {
	lines := h.Values("Forwarded")
	if len(lines) == 0 {
		return nil, false
	}
	var hops []hop
	for element := range splitQuoted(strings.Join(lines, ","), ',') {
		var one hop
		for pair := range splitQuoted(element, ';') {
			name, value, ok := strings.Cut(strings.TrimSpace(pair), "=")
			if !ok {
				if name == "" {
					continue
				}
				return nil, true
			}
			value, ok = unquote(value)
			if !ok {
				return nil, true
			}
			switch strings.ToLower(name) {
			case "for":
				one.client = value
			case "proto":
				one.scheme = value
			case "host":
				one.host = value
			}
		}
		hops = append(hops, one)
	}
	return hops, true
}

// splitQuoted splits at sep, but not within quoted strings.
func splitQuoted(s string, sep byte) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		start, quoted := 0, false
		for i := 0; i < len(s); i++ {
			switch {
			case quoted && s[i] == '\\':
				i++
			case s[i] == '"':
				quoted = !quoted
			case s[i] == sep && !quoted:
				if !yield(s[start:i]) {
					return
				}
				start = i + 1
			}
		}
		yield(s[start:])
	}
}

// unquote parses a token or a quoted string (RFC 9110, section 5.6).
func unquote(s string) (string, bool) {
	if !strings.HasPrefix(s, `"`) {
		return s, s != "" && !strings.ContainsAny(s, "\"\\ \t")
	}
	if len(s) < 2 || !strings.HasSuffix(s, `"`) {
		return "", false
	}
	s = s[1 : len(s)-1]
	if strings.ContainsAny(s, "\"\\") {
		return "", false // addresses and hosts need no escapes
	}
	return s, true
}

// readScheme returns "https", "http" or "". Some proxies write wss and ws for
// websockets.
func readScheme(s string) string {
	switch strings.ToLower(s) {
	case "https", "wss":
		return "https"
	case "http", "ws":
		return "http"
	}
	return ""
}

// readHost returns a host with its port, or "" when it is malformed.
func readHost(s string) string {
	u, err := url.Parse("//" + s)
	if err != nil || s == "" || len(s) > 255 || u.Host != s || u.Hostname() == "" || strings.ContainsAny(s, ", \t%") {
		return ""
	}
	return s
}

// lookThrough gives the request the scheme and host that its client used, because they
// are part of its own origin [SEC-32]. RemoteAddr stays the address of the connection;
// see [ClientAddress].
func (p proxies) lookThrough(next http.Handler) http.Handler {
	if len(p) == 0 {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s := p.see(r)
		if s.scheme != "" {
			r = r.WithContext(origin.WithScheme(r.Context(), s.scheme))
		}
		if s.host != "" && s.host != r.Host {
			r = r.WithContext(r.Context()) // a copy: net/http still reads the original
			r.Host = s.host
		}
		next.ServeHTTP(w, r)
	})
}
