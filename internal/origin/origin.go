// Package origin decides which web origins may speak for a user, and where a
// browser may be sent back to.
//
// It owns the list: the request's own origin, accepted only on hosts that are
// this server's, and the ones the operator added. It must not know routes,
// cookies or sockets.
package origin

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// Policy is the list of origins (RFC 6454). The zero value accepts localhost
// and loopback addresses.
type Policy struct {
	PublicURL *url.URL               // the operator's address of this server; may be nil
	Covers    func(host string) bool // tells the hosts on the certificate; may be nil
	Extra     []string               // further exact origins, for sockets
}

type schemeKey struct{}

// WithScheme notes what the client spoke to the proxy in front.
func WithScheme(ctx context.Context, scheme string) context.Context {
	return context.WithValue(ctx, schemeKey{}, scheme)
}

// Scheme is what the request's client spoke, "https" or "http".
func Scheme(r *http.Request) string {
	if s, ok := r.Context().Value(schemeKey{}).(string); ok {
		return s
	}
	if r.TLS != nil {
		return "https"
	}
	return "http"
}

// Own is the request's own origin: its scheme, host and port. ok is false when
// its host is not one of this server's, as after a rebinding of DNS.
func (p Policy) Own(r *http.Request) (scheme, host string, ok bool) {
	scheme, host = Scheme(r), strings.ToLower(r.Host)
	if p.PublicURL != nil && strings.EqualFold(stripDefaultPort(p.PublicURL.Scheme, host), stripDefaultPort(p.PublicURL.Scheme, p.PublicURL.Host)) {
		return p.PublicURL.Scheme, host, true
	}
	return scheme, host, p.knows(hostname(host))
}

// knows tells whether the host name is one of this server's.
func (p Policy) knows(name string) bool {
	if name == "localhost" {
		return true
	}
	if a, err := netip.ParseAddr(name); err == nil && a.IsLoopback() {
		return true
	}
	return p.Covers != nil && p.Covers(name)
}

// IsOwn tells whether origin is the request's own.
func (p Policy) IsOwn(r *http.Request, origin string) bool {
	scheme, host, ok := p.Own(r)
	o, valid := canonical(origin)
	return ok && valid && o == scheme+"://"+stripDefaultPort(scheme, host)
}

// Allowed tells whether origin may open sockets here: the request's own, or one
// of the operator's [SEC-32]. The opaque origin "null" never may.
func (p Policy) Allowed(r *http.Request, origin string) bool {
	if p.IsOwn(r, origin) {
		return true
	}
	o, valid := canonical(origin)
	return valid && slices.ContainsFunc(p.Extra, func(e string) bool {
		e, ok := canonical(e)
		return ok && e == o
	})
}

// OfHost tells whether origin names the request's own host, whatever the scheme
// of the web and with or without a slash at the end: so programs make one up of
// the address that they dial. It says nothing about who may come in.
func OfHost(r *http.Request, origin string) bool {
	u, err := url.Parse(origin)
	if err != nil || !slices.Contains([]string{"http", "https", "ws", "wss"}, u.Scheme) {
		return false
	}
	o, valid := canonical(strings.TrimSuffix(origin, "/"))
	return valid && o == u.Scheme+"://"+stripDefaultPort(u.Scheme, strings.ToLower(r.Host))
}

// ReturnTo checks where a browser wants to be sent after its login: a path on
// this server or an address of the request's own origin [SEC-35]. It returns
// the path with its query, and false for everything else.
func (p Policy) ReturnTo(r *http.Request, target string) (string, bool) {
	if target == "" || len(target) > 2048 || strings.ContainsFunc(target, func(c rune) bool {
		return c <= ' ' || c == '\\' || c == 0x7f || c >= 0x80
	}) {
		return "", false
	}
	u, err := url.Parse(target)
	if err != nil || u.User != nil || u.Opaque != "" {
		return "", false
	}
	if u.Scheme != "" || u.Host != "" {
		if u.Scheme == "" || !p.IsOwn(r, u.Scheme+"://"+u.Host) {
			return "", false
		}
	} else if !strings.HasPrefix(target, "/") {
		return "", false
	}
	path := u.EscapedPath()
	if path == "" {
		path = "/"
	}
	if strings.HasPrefix(path, "//") || strings.Contains(u.Path, "\\") || strings.ContainsFunc(u.Path, func(c rune) bool { return c < ' ' || c == 0x7f }) {
		return "", false // a browser would read another host out of it
	}
	if u.RawQuery != "" {
		path += "?" + u.RawQuery
	}
	return path, true
}

// canonical is an origin in lower case without the default port; false when it
// is not an origin: a scheme, which native apps have of their own, and a host.
func canonical(origin string) (string, bool) {
	u, err := url.Parse(origin)
	if err != nil || u.Scheme == "" || u.Host == "" ||
		u.User != nil || u.Path != "" || u.RawQuery != "" || u.Fragment != "" || strings.HasSuffix(origin, "#") || strings.HasSuffix(origin, "?") {
		return "", false
	}
	return u.Scheme + "://" + stripDefaultPort(u.Scheme, strings.ToLower(u.Host)), true
}

func stripDefaultPort(scheme, host string) string {
	switch scheme {
	case "https", "wss":
		return strings.TrimSuffix(host, ":443")
	case "http", "ws":
		return strings.TrimSuffix(host, ":80")
	}
	return host
}

func hostname(host string) string {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	return strings.Trim(host, "[]")
}
