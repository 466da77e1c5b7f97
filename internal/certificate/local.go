package certificate

import (
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"net"
	"os"
	"slices"
	"time"

	"github.com/turnike/turnike/internal/secret/secretfile"
)

// serverFile holds the server's certificate and its key: one file, so that
// they always belong together.
const serverFile = "server.pem"

const (
	// serverLifetime is the longest that browsers accept with room to spare.
	serverLifetime = 397 * 24 * time.Hour
	// serverRenewal is how long before its end a certificate is replaced.
	serverRenewal = 30 * 24 * time.Hour
)

// Local gives a Source that makes the certificate itself, for hosts (see
// Hosts), and keeps it and the authority in the directory dir, which it makes.
// The certificate is made anew when less than 30 days are left, when hosts are
// others than those it was made for, and when the authority is another; failed
// hears when that does not work.
//
// One process at a time may use it on a directory.
func Local(dir string, hosts []string, failed func(error)) (*Source, error) {
	names, addresses, err := parseHosts(hosts)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the local authority: %w", err)
	}
	return newSource(&local{dir: dir, names: names, addresses: addresses}, failed)
}

// local is the maker behind Local.
type local struct {
	dir       string
	names     []string
	addresses []net.IP
}

func (l *local) refresh(now time.Time, current *held) (*held, error) {
	if current != nil && l.fits(current.Leaf, now) {
		return current, nil
	}
	root, err := os.OpenRoot(l.dir)
	if err != nil {
		return nil, fmt.Errorf("open the local authority: %w", err)
	}
	// What was written is on the disk by then.
	defer func() { _ = root.Close() }()
	ca, err := openAuthority(root, now)
	if err != nil {
		return nil, err
	}
	if current == nil {
		if stored, ok := read(root); ok && l.fits(stored.Leaf, now) && stored.Leaf.CheckSignatureFrom(ca.certificate) == nil {
			return hold(stored), nil
		}
	}
	issued, err := l.issue(root, ca, now)
	if err != nil {
		return nil, err
	}
	return hold(issued), nil
}

// fits tells whether a certificate is for the right hosts and will be for a
// while.
func (l *local) fits(leaf *x509.Certificate, now time.Time) bool {
	return slices.Equal(leaf.DNSNames, l.names) &&
		slices.EqualFunc(leaf.IPAddresses, l.addresses, net.IP.Equal) &&
		!now.Before(leaf.NotBefore) &&
		now.Add(serverRenewal).Before(leaf.NotAfter)
}

// read gives the certificate of the last run. One that is missing or broken is
// simply made again.
func read(root *os.Root) (tls.Certificate, bool) {
	data, _, err := secretfile.Read(root, serverFile)
	if err != nil {
		return tls.Certificate{}, false
	}
	pair, err := tls.X509KeyPair(data, data)
	return pair, err == nil
}

// issue makes a certificate with a key of its own.
func (l *local) issue(root *os.Root, ca authority, now time.Time) (tls.Certificate, error) {
	key, err := newKey()
	if err != nil {
		return tls.Certificate{}, err
	}
	template := &x509.Certificate{
		Subject:     pkix.Name{Organization: []string{"Turnike"}},
		NotBefore:   now.Add(-slack),
		NotAfter:    now.Add(serverLifetime - slack - time.Second),
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames:    l.names,
		IPAddresses: l.addresses,

		BasicConstraintsValid: true,
	}
	leaf, err := sign(template, ca.certificate, &key.PublicKey, ca.key)
	if err != nil {
		return tls.Certificate{}, err
	}
	data, err := encodeKey(key)
	if err != nil {
		return tls.Certificate{}, err
	}
	if err := secretfile.Replace(root, serverFile, append(encodeCertificate(leaf), data...), 0o600); err != nil {
		return tls.Certificate{}, fmt.Errorf("make the server's certificate: %w", err)
	}
	return tls.Certificate{Certificate: [][]byte{leaf.Raw}, PrivateKey: key, Leaf: leaf}, nil
}
