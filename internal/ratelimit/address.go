package ratelimit

import (
	"net"
	"net/netip"
)

// Network is what counts as one address: an IPv4 address, or the /64 of an IPv6
// one, which is what one subscriber is given [SEC-06] [SEC-42]. It takes an
// address with or without a port; what is none stands for itself.
func Network(address string) string { return prefix(address, 32) }

// Neighbourhood returns the /24 of an IPv4 address and the /64 of an IPv6 one: what
// one attacker easily has all of. It takes the same as [Network].
func Neighbourhood(address string) string { return prefix(address, 24) }

// prefix returns the network of an address, with that many bits for IPv4.
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
		return address // cannot be: both have more bits
	}
	return p.String()
}
