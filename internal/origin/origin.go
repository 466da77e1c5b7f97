// Package origin decides which web origins may act for a user, and where a browser may
// be redirected after its login.
//
// It owns the list of origins: the request's own, accepted only when the host is one
// of this server's, and those that the operator added. [Trace] logs refusals. This
// package must not know routes, cookies or sockets.
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

// Policy is the list of origins (RFC 6454). The zero value accepts localhost and
// loopback addresses.
type Policy struct {
	PublicURL *url.URL               // the configured address of this server; may be nil
	Covers    func(host string) bool // reports whether the certificate names the host; may be nil
	Extra     []string               // further origins that may open sockets, matched exactly
}

type schemeKey struct{}

// WithScheme returns a context with the scheme that the client used, as a trusted proxy
// reports it.
func WithScheme(ctx context.Context, scheme string) context.Context {
	return context.WithValue(ctx, schemeKey{}, scheme)
}

// Scheme returns the scheme that the client used: "https" or "http".
func Scheme(r *http.Request) string {
	if s, ok := r.Context().Value(schemeKey{}).(string); ok {
		return s
	}
	if r.TLS != nil {
		return "https"
	}
	return "http"
}

// Own returns the request's own origin: its scheme, and its host with the port. ok is
// false when the host is not one of this server's, as in a DNS rebinding attack.
func (p Policy) Own(r *http.Request) (scheme, host string, ok bool) {
	scheme, host = Scheme(r), strings.ToLower(r.Host)
	if p.PublicURL != nil && strings.EqualFold(stripDefaultPort(p.PublicURL.Scheme, host), stripDefaultPort(p.PublicURL.Scheme, p.PublicURL.Host)) {
		return p.PublicURL.Scheme, host, true
	}
	return scheme, host, p.knows(hostname(host))
}

// knows reports whether the host name is one of this server's.
func (p Policy) knows(name string) bool {
	if name == "localhost" {
		return true
	}
	if a, err := netip.ParseAddr(name); err == nil && a.IsLoopback() {
		return true
	}
	return p.Covers != nil && p.Covers(name)
}

// IsOwn reports whether origin is the request's own.
func (p Policy) IsOwn(r *http.Request, origin string) bool {
	scheme, host, ok := p.Own(r)
	o, valid := canonical(origin)
	return ok && valid && o == scheme+"://"+stripDefaultPort(scheme, host)
}

// Allowed reports whether origin may open sockets here: it is the request's own, or one
// that the operator added [SEC-32]. The opaque origin "null" never is.
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

// OfHost reports whether origin names the request's own host, with any web or websocket
// scheme and an optional slash at the end. Programs that are no browsers build such an
// origin from the address that they dial. It grants nothing by itself.
func OfHost(r *http.Request, origin string) bool {
	u, err := url.Parse(origin)
	if err != nil || !slices.Contains([]string{"http", "https", "ws", "wss"}, u.Scheme) {
		return false
	}
	o, valid := canonical(strings.TrimSuffix(origin, "/"))
	return valid && o == u.Scheme+"://"+stripDefaultPort(u.Scheme, strings.ToLower(r.Host))
}

// ReturnTo checks where a browser wants to go after its login. It returns the path and
// query of a target on this server or of the request's own origin, and false for
// everything else [SEC-35].
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
		return "", false // browsers would take it for another host
	}
	if u.RawQuery != "" {
		path += "?" + u.RawQuery
	}
	return path, true
}

// canonical returns an origin in lower case without the default port. It returns false
// for a text that is no origin, which is a scheme and a host. Native apps have schemes
// of their own.
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
