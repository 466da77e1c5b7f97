package ratelimit

import (
	"net"
	"net/netip"
)

// Network returns what counts as one address: an IPv4 address itself, or the /64
// of an IPv6 address, which one subscriber gets [SEC-06] [SEC-42]. The address may
// have a port. Any other text is returned unchanged.
func Network(address string) string { return prefix(address, 32) }

// Neighbourhood returns the /24 of an IPv4 address or the /64 of an IPv6 address:
// one attacker can easily control all of it. It accepts the same as [Network].
func Neighbourhood(address string) string { return prefix(address, 24) }

// prefix returns the network of an address, with this many bits for IPv4.
func prefix(address string, bits int) string {
	if host, _, err := net.SplitHostPort(address); err == nil {
		address = host
	}
	a, err := netip.ParseAddr(address)
	if err != nil {
		return address
	}
	a = a.Unmap().WithZone("")
	if a.Is4() && bits == 32 {
		return a.String()
	}
	if a.Is6() {
		bits = 64
	}
	p, err := a.Prefix(bits)
	if err != nil {
		return address // not reached: both kinds have more bits
	}
	return p.String()
}
