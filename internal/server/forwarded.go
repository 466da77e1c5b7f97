package server

import (
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"github.com/turnike/turnike/internal/origin"
)

// seen is a request as its client made it: from which address, and, where a
// trusted proxy told, by which scheme to which host.
type seen struct{ address, scheme, host string }

// see looks through the trusted proxies [SEC-47]. Each of them described who
// asked it: the last entry is the peer's word and is believed when the peer is
// trusted, the one before when the address in the last one is trusted, and so on.
// Where the walk stops is the client.
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
		// A proxy sets one kind and lets the other through as the client sent it.
		// Nobody knows which, so only what both say counts.
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

// hop is what one proxy wrote of who asked it.
type hop struct{ client, scheme, host string }

// walk goes from the right, from proxy to proxy, to the first that is not ours.
func (p proxies) walk(peer netip.Addr, hops []hop) seen {
	client, last := peer, hop{}
	for i := len(hops) - 1; i >= 0; i-- {
		last = hops[i]
		a, ok := readAddress(last.client)
		if !ok {
			break // what cannot be read ends what can be believed
		}
		client = a
		if !p.trust(client) {
			break
		}
	}
	return seen{address: plain(client).String(), scheme: readScheme(last.scheme), host: readHost(last.host)}
}

// xForwarded reads the X-Forwarded-… headers. Proxies append to -For; the others
// they append to or replace, so a list that is shorter is read from its right and
// its first word stands for what came before.
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

// words are the values of a list header, of all its lines.
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

// at is the word so far from the right, the first one where there are not so
// many.
func at(list []string, fromRight int) string {
	if len(list) == 0 {
		return ""
	}
	return list[max(len(list)-1-fromRight, 0)]
}

// forwarded reads the Forwarded header (RFC 7239, section 4). One that is
// malformed tells nothing.
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

// splitQuoted splits outside of quoted strings.
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

// unquote reads a token or a quoted string (RFC 9110, section 5.6).
func unquote(s string) (string, bool) {
	if !strings.HasPrefix(s, `"`) {
		return s, s != "" && !strings.ContainsAny(s, "\"\\ \t")
	}
	if len(s) < 2 || !strings.HasSuffix(s, `"`) {
		return "", false
	}
	s = s[1 : len(s)-1]
	if strings.ContainsAny(s, "\"\\") {
		return "", false // neither an address nor a host has to be escaped
	}
	return s, true
}

// readScheme is https, http, or nothing. Some proxies name websockets so.
func readScheme(s string) string {
	switch strings.ToLower(s) {
	case "https", "wss":
		return "https"
	case "http", "ws":
		return "http"
	}
	return ""
}

// readHost is a host with its port, or nothing.
func readHost(s string) string {
	u, err := url.Parse("//" + s)
	if err != nil || s == "" || len(s) > 255 || u.Host != s || u.Hostname() == "" || strings.ContainsAny(s, ", \t%") {
		return ""
	}
	return s
}

// lookThrough makes the request what its client sent to the first proxy of ours:
// the scheme and the host are part of the own origin [SEC-32]. The connection's
// own address stays where it is, see [ClientAddress].
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
			r = r.WithContext(r.Context()) // a copy: the server reads its own request afterwards
			r.Host = s.host
		}
		next.ServeHTTP(w, r)
	})
}
