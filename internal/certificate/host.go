package certificate

import (
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
)

// Hosts gives the names a local certificate is made for: those of this
// machine, and others such as the host of server.public_url; "" does not
// count.
func Hosts(others ...string) []string {
	hosts := []string{"localhost", "127.0.0.1", "::1"}
	// A machine without a name that a certificate can bear is reached by the
	// others.
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

// parseHosts sorts names and addresses, each once, for a certificate.
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

// plain gives a host in lower case, without the brackets of an address and
// the dot of the root.
func plain(host string) string {
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	if strings.HasPrefix(host, "[") && strings.HasSuffix(host, "]") {
		return host[1 : len(host)-1]
	}
	return host
}

// isHostName tells whether host, in lower case, is a name (RFC 1123, section
// 2.1, and the underscore that some networks use).
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
	// What ends like an address is one that is written wrongly.
	last := host[strings.LastIndexByte(host, '.')+1:]
	return strings.Trim(last, "0123456789") != ""
}
