package server

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
)

// ClientAddress returns a function that finds the client's address of a request: that of
// the connection, or the one that trusted proxies report [SEC-47].
func ClientAddress(trusted []netip.Prefix) func(*http.Request) string {
	return func(r *http.Request) string { return proxies(trusted).see(r).address }
}

// proxies are the networks of trusted proxies.
type proxies []netip.Prefix

// trust reports whether an address belongs to a trusted proxy. The zone of an address
// names one of our own interfaces, so it does not matter.
func (p proxies) trust(a netip.Addr) bool {
	a = plain(a)
	return slices.ContainsFunc(p, func(n netip.Prefix) bool { return n.Contains(a) })
}

// plain returns an address in the form in which addresses are compared.
func plain(a netip.Addr) netip.Addr { return a.Unmap().WithZone("") }

// readAddress parses an address with or without port and brackets.
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

// peerOf returns the other end of the request's connection. ok is false when that has no
// IP address.
func peerOf(r *http.Request) (a netip.Addr, name string, ok bool) {
	name, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		name = r.RemoteAddr
	}
	a, err = netip.ParseAddr(name)
	return a, name, err == nil
}
