package server

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// ClientAddress returns what tells the address a request came from. Of
// X-Forwarded-For it believes what trusted proxies say: from the right, the first
// address that is not one of theirs [SEC-47].
func ClientAddress(trusted []netip.Prefix) func(*http.Request) string {
	isProxy := func(a netip.Addr) bool {
		return slices.ContainsFunc(trusted, func(p netip.Prefix) bool { return p.Contains(a.Unmap()) })
	}
	return func(r *http.Request) string {
		peer, _, err := net.SplitHostPort(r.RemoteAddr)
		if err != nil {
			peer = r.RemoteAddr
		}
		at, err := netip.ParseAddr(peer)
		if err != nil || !isProxy(at) {
			return peer
		}
		hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
		for _, hop := range slices.Backward(hops) {
			a, err := netip.ParseAddr(strings.TrimSpace(hop))
			if err != nil {
				break // what a proxy of ours did not write ends what can be believed
			}
			at = a.WithZone("")
			if !isProxy(at) {
				break
			}
		}
		return at.Unmap().String()
	}
}
