package ratelimit

import (
	"net"
	"net/netip"
)

// Network is what counts as one address: an IPv4 address, or the /64 of an IPv6
// one, which is what one subscriber is given [SEC-06] [SEC-42]. It takes an
// address with or without a port; what is none stands for itself.
func Network(address string) string {
	if host, _, err := net.SplitHostPort(address); err == nil {
		address = host
	}
	a, err := netip.ParseAddr(address)
	if err != nil {
		return address
	}
	a = a.Unmap().WithZone("")
	if a.Is4() {
		return a.String()
	}
	p, err := a.Prefix(64)
	if err != nil {
		return address // cannot be: an IPv6 address has 128 bits
	}
	return p.String()
}
