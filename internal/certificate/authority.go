package certificate

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/turnike/turnike/internal/secret/secretfile"
)

// The files of the local authority in its directory.
const (
	CAFile    = "ca.pem" // the authority's certificate, which people trust
	caKeyFile = "ca.key"
)

const (
	caLifetime = 10 * 365 * 24 * time.Hour
	// caRenewal is how long before its end the authority's certificate is renewed,
	// with the same key. People who trust the old one have that long to change.
	caRenewal = 2 * 365 * 24 * time.Hour
	// slack is how far the clock of a client may be behind ours.
	slack = time.Hour
)

// The types of PEM blocks (RFC 7468).
const (
	certificateBlock = "CERTIFICATE"
	keyBlock         = "PRIVATE KEY"
)

// authority is the certificate authority of this installation alone.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

// openAuthority reads the authority, or creates it at the first start.
func openAuthority(root *os.Root, now time.Time) (a authority, err error) {
	if a.key, err = caKey(root); err != nil {
		return authority{}, err
	}
	a.certificate, err = readCertificate(root, CAFile)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return renewAuthority(root, a.key, now)
	case err != nil:
		return authority{}, err
	case !a.key.PublicKey.Equal(a.certificate.PublicKey) || !a.certificate.IsCA:
		return authority{}, unusable("%s and %s in the directory tls do not belong together: restore them from a backup, or remove both for a new authority", CAFile, caKeyFile)
	case now.Add(caRenewal).After(a.certificate.NotAfter) || now.Before(a.certificate.NotBefore):
		return renewAuthority(root, a.key, now)
	}
	return a, nil
}

// caKey reads the authority's key, or creates it at the first start.
func caKey(root *os.Root) (*ecdsa.PrivateKey, error) {
	data, _, err := secretfile.Read(root, caKeyFile)
	if errors.Is(err, fs.ErrNotExist) {
		key, err := newKey()
		if err != nil {
			return nil, err
		}
		data, err := encodeKey(key)
		if err != nil {
			return nil, err
		}
		if err := secretfile.Create(root, caKeyFile, data); err != nil {
			return nil, fmt.Errorf("make the local authority: %w", err)
		}
		return key, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the local authority: %w", err)
	}
	if block, _ := pem.Decode(data); block != nil && block.Type == keyBlock {
		if parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes); err == nil {
			if key, isECDSA := parsed.(*ecdsa.PrivateKey); isECDSA {
				return key, nil
			}
		}
	}
	return nil, unusable("%s in the directory tls holds no ECDSA key: restore it from a backup, or remove it and %s for a new authority", caKeyFile, CAFile)
}

// renewAuthority creates the authority's certificate.
func renewAuthority(root *os.Root, key *ecdsa.PrivateKey, now time.Time) (authority, error) {
	point, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		return authority{}, fmt.Errorf("make the local authority: %w", err)
	}
	// The name distinguishes installations in a list of trusted authorities. It
	// stays the same as long as the key does.
	id := sha256.Sum256(point)
	host, err := os.Hostname()
	if err != nil {
		host = "this machine"
	}
	template := &x509.Certificate{
		Subject: pkix.Name{
			Organization: []string{"Turnike"},
			CommonName:   fmt.Sprintf("Turnike local CA %s (%.40s)", hex.EncodeToString(id[:4]), host),
		},
		NotBefore:             now.Add(-slack),
		NotAfter:              now.Add(caLifetime),
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
		MaxPathLenZero:        true, // it signs servers, not authorities
	}
	certificate, err := sign(template, template, &key.PublicKey, key)
	if err != nil {
		return authority{}, err
	}
	if err := secretfile.Replace(root, CAFile, encodeCertificate(certificate), 0o644); err != nil {
		return authority{}, fmt.Errorf("make the local authority: %w", err)
	}
	return authority{certificate, key}, nil
}

// sign creates a certificate with a random serial number.
func sign(template, parent *x509.Certificate, public crypto.PublicKey, key *ecdsa.PrivateKey) (*x509.Certificate, error) {
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, key)
	if err != nil {
		return nil, fmt.Errorf("make a certificate: %w", err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("make a certificate: %w", err)
	}
	return certificate, nil
}

// newKey creates a P-256 key: a handshake costs a third of one with RSA.
func newKey() (*ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	return key, nil
}

func encodeKey(key *ecdsa.PrivateKey) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: keyBlock, Bytes: der}), nil
}

func encodeCertificate(certificate *x509.Certificate) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: certificateBlock, Bytes: certificate.Raw})
}

// readCertificate reads a file that contains one certificate.
func readCertificate(root *os.Root, name string) (*x509.Certificate, error) {
	data, _, err := secretfile.Read(root, name)
	if err != nil {
		return nil, fmt.Errorf("read the local authority: %w", err)
	}
	block, rest := pem.Decode(data)
	if block == nil || block.Type != certificateBlock || len(bytes.TrimSpace(rest)) != 0 {
		return nil, unusable("%s in the directory tls holds no certificate: restore it from a backup, or remove it to have it made again with the same key", name)
	}
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, unusable("%s in the directory tls: %v", name, err)
	}
	return certificate, nil
}
