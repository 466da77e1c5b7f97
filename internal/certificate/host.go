package certificate

import (
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
)

// Hosts returns the names for a local certificate: those of this machine, and
// others such as the host of server.public_url. It ignores "".
func Hosts(others ...string) []string {
	hosts := []string{"localhost", "127.0.0.1", "::1"}
	// A machine whose name cannot be in a certificate is reached by the other names.
	if name, err := os.Hostname(); err == nil && isHostName(plain(name)) {
		hosts = append(hosts, name)
	}
	for _, other := range others {
		if other != "" {
			hosts = append(hosts, other)
		}
	}
	return hosts
}

// parseHosts returns the names and the addresses for a certificate, each once.
func parseHosts(hosts []string) (names []string, addresses []net.IP, err error) {
	var parsed []netip.Addr
	for _, host := range hosts {
		host = plain(host)
		if address, err := netip.ParseAddr(host); err == nil && address.Zone() == "" {
			parsed = append(parsed, address.Unmap())
			continue
		}
		if !isHostName(host) {
			return nil, nil, unusable("%.260q is no host name that a certificate can bear (a name with letters beyond a-z is written xn--…)", host)
		}
		names = append(names, host)
	}
	slices.Sort(names)
	slices.SortFunc(parsed, netip.Addr.Compare)
	for _, address := range slices.Compact(parsed) {
		addresses = append(addresses, address.AsSlice())
	}
	return slices.Compact(names), addresses, nil
}

// plain returns a host in lower case, without the brackets of an address and the
// dot of the root.
func plain(host string) string {
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	if strings.HasPrefix(host, "[") && strings.HasSuffix(host, "]") {
		return host[1 : len(host)-1]
	}
	return host
}

// isHostName reports whether host, in lower case, is a name (RFC 1123, section 2.1,
// and the underscore that some networks use).
func isHostName(host string) bool {
	if len(host) == 0 || len(host) > 253 {
		return false
	}
	for label := range strings.SplitSeq(host, ".") {
		if len(label) == 0 || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for i := range len(label) {
			if c := label[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '_' {
				return false
			}
		}
	}
	// A host that ends like an address is a mistyped address.
	last := host[strings.LastIndexByte(host, '.')+1:]
	return strings.Trim(last, "0123456789") != ""
}
