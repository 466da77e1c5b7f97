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

// serverFile contains the server's certificate and its key, in one file so that they
// always match.
const serverFile = "server.pem"

const (
	// serverLifetime is well below the longest that browsers accept.
	serverLifetime = 397 * 24 * time.Hour
	// serverRenewal is how long before its end a certificate is renewed.
	serverRenewal = 30 * 24 * time.Hour
)

// Local returns a Source that creates the certificate itself, for hosts (see Hosts).
// It stores certificate and authority in the directory dir, which it creates. It
// renews the certificate when less than 30 days are left, when the hosts have
// changed, and when the authority has changed. If that fails, failed is called.
//
// Only one process at a time may use a directory.
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

// local is the maker of a Source by Local.
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
	// The written files are on the disk already.
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

// fits reports whether a certificate is for these hosts and not due for renewal.
func (l *local) fits(leaf *x509.Certificate, now time.Time) bool {
	return slices.Equal(leaf.DNSNames, l.names) &&
		slices.EqualFunc(leaf.IPAddresses, l.addresses, net.IP.Equal) &&
		!now.Before(leaf.NotBefore) &&
		now.Add(serverRenewal).Before(leaf.NotAfter)
}

// read returns the certificate of the last run. If it is missing or broken, a new
// one is created.
func read(root *os.Root) (tls.Certificate, bool) {
	data, _, err := secretfile.Read(root, serverFile)
	if err != nil {
		return tls.Certificate{}, false
	}
	pair, err := tls.X509KeyPair(data, data)
	return pair, err == nil
}

// issue creates a certificate with a new key.
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
