package server

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
)

// ClientAddress returns what tells the address a request came from: the peer's,
// or what trusted proxies say of whom they asked for [SEC-47].
func ClientAddress(trusted []netip.Prefix) func(*http.Request) string {
	return func(r *http.Request) string { return proxies(trusted).see(r).address }
}

// proxies are the networks whose word is believed.
type proxies []netip.Prefix

// trust tells whether an address is one of a trusted proxy. A zone says which of
// our own interfaces it was, not who.
func (p proxies) trust(a netip.Addr) bool {
	a = plain(a)
	return slices.ContainsFunc(p, func(n netip.Prefix) bool { return n.Contains(a) })
}

// plain is an address in the one form it is compared in.
func plain(a netip.Addr) netip.Addr { return a.Unmap().WithZone("") }

// readAddress reads an address with or without a port and brackets.
func readAddress(s string) (netip.Addr, bool) {
	if a, err := netip.ParseAddr(s); err == nil {
		return plain(a), true
	}
	if len(s) > 2 && s[0] == '[' && s[len(s)-1] == ']' {
		s += ":0"
	}
	ap, err := netip.ParseAddrPort(s)
	return plain(ap.Addr()), err == nil
}

// peerOf is the other end of the request's connection; not ok when that has no
// IP address.
func peerOf(r *http.Request) (a netip.Addr, name string, ok bool) {
	name, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		name = r.RemoteAddr
	}
	a, err = netip.ParseAddr(name)
	return a, name, err == nil
}
