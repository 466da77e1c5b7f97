package certificate

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// Files of a local CA, under its directory.
const (
	CAFile   = "ca.pem" // what people and browsers are asked to trust
	caKey    = "ca.key"
	leafFile = "leaf.pem"
	leafKey  = "leaf.key"
)

const (
	caLife      = 10 * 365 * 24 * time.Hour
	leafLife    = 397 * 24 * time.Hour // what browsers accept at most
	renewBefore = 30 * 24 * time.Hour
)

// Local serves a leaf of a local CA, both made in dir when they are not there.
// A leaf is made anew when its names change or it is about to expire. Keys are
// ECDSA P-256: an RSA key would cost a millisecond at each handshake.
func Local(dir string, names []string, failed func(error)) (*Source, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	names = slices.Compact(slices.Sorted(slices.Values(names)))
	return newSource(func(old *tls.Certificate) (*tls.Certificate, error) {
		if old == nil {
			old, _ = load(dir, leafFile, leafKey) // what cannot be read is made anew
		}
		ca, err := load(dir, CAFile, caKey)
		if errors.Is(err, fs.ErrNotExist) {
			old = nil
			ca, err = makeCA(dir)
		}
		if err != nil {
			return nil, fmt.Errorf("the local CA in %s: %w", dir, err)
		}
		if old != nil && fits(old.Leaf, ca.Leaf, names) {
			return old, nil
		}
		return makeLeaf(dir, ca, names)
	}, failed)
}

// fits tells whether a leaf can still be used.
func fits(leaf, ca *x509.Certificate, names []string) bool {
	if leaf.CheckSignatureFrom(ca) != nil || time.Until(leaf.NotAfter) < renewBefore {
		return false
	}
	have := append([]string(nil), leaf.DNSNames...)
	for _, ip := range leaf.IPAddresses {
		have = append(have, ip.String())
	}
	slices.Sort(have)
	return slices.Equal(have, names)
}

func makeCA(dir string) (*tls.Certificate, error) {
	host, err := os.Hostname()
	if err != nil {
		host = "localhost"
	}
	return issue(dir, CAFile, caKey, &x509.Certificate{
		Subject:               pkix.Name{CommonName: "Turnike local CA (" + host + ")", Organization: []string{"Turnike"}},
		NotAfter:              time.Now().Add(caLife),
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
		MaxPathLenZero:        true,
	}, nil)
}

func makeLeaf(dir string, ca *tls.Certificate, names []string) (*tls.Certificate, error) {
	t := &x509.Certificate{
		Subject:     pkix.Name{CommonName: names[0], Organization: []string{"Turnike"}},
		NotAfter:    time.Now().Add(leafLife),
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	for _, n := range names {
		if ip := net.ParseIP(n); ip != nil {
			t.IPAddresses = append(t.IPAddresses, ip)
		} else {
			t.DNSNames = append(t.DNSNames, n)
		}
	}
	return issue(dir, leafFile, leafKey, t, ca)
}

// issue makes a key and a certificate for it, signed by the CA or by itself, and
// writes both.
func issue(dir, certName, keyName string, t *x509.Certificate, ca *tls.Certificate) (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	if t.SerialNumber, err = rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127)); err != nil {
		return nil, err
	}
	t.NotBefore = time.Now().Add(-time.Hour) // for clients whose clock is behind
	parent, signer := t, any(key)
	if ca != nil {
		parent, signer = ca.Leaf, ca.PrivateKey
	}
	der, err := x509.CreateCertificate(rand.Reader, t, parent, key.Public(), signer)
	if err != nil {
		return nil, err
	}
	raw, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	// The key first: a certificate without its key would be of no use.
	if err := write(dir, keyName, "PRIVATE KEY", raw, 0o600); err != nil {
		return nil, err
	}
	if err := write(dir, certName, "CERTIFICATE", der, 0o644); err != nil {
		return nil, err
	}
	return load(dir, certName, keyName)
}

// load reads a pair; fs.ErrNotExist when either is missing.
func load(dir, certName, keyName string) (*tls.Certificate, error) {
	pair, err := tls.LoadX509KeyPair(filepath.Join(dir, certName), filepath.Join(dir, keyName))
	if err != nil {
		return nil, err
	}
	return withLeaf(pair)
}

// write replaces a file as a whole: a crash leaves the old one or the new one.
func write(dir, name, kind string, der []byte, mode fs.FileMode) error {
	f, err := os.CreateTemp(dir, name+".*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }() // gone after the rename
	err = errors.Join(f.Chmod(mode), pem.Encode(f, &pem.Block{Type: kind, Bytes: der}), f.Sync(), f.Close())
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), filepath.Join(dir, name))
}
