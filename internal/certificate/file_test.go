package certificate_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/turnike/turnike/internal/certificate"
)

// rsaPair writes a certificate of an RSA key, signed by itself.
func rsaPair(t *testing.T, names ...string) (cert, key string) {
	t.Helper()
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, DNSNames: names,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(day),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(t.TempDir(), "cert.pem"), filepath.Join(t.TempDir(), "key.pem")
	write(t, cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	write(t, key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}))
	return cert, key
}

// TestFilesReload replaces the operator's pair while handshakes go on.
func TestFilesReload(t *testing.T) {
	oneCert, oneKey := rsaPair(t, "one.example.com", "*.One.example.com")
	twoCert, twoKey := rsaPair(t, "two.example.com")
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
		write(t, cert, read(t, oneCert))
		write(t, key, read(t, oneKey))
		var failures []error
		source, err := certificate.Files(cert, key, func(err error) { failures = append(failures, err) })
		if err != nil {
			t.Fatal(err)
		}
		shows := func(want string) {
			t.Helper()
			if got := leaf(t, source).DNSNames[0]; got != want {
				t.Errorf("shows %s, want %s", got, want)
			}
		}
		shows("one.example.com")
		for host, want := range map[string]bool{"one.example.com": true, "ONE.example.com.": true, "a.one.example.com": true, "a.b.one.example.com": false, ".one.example.com": false, "example.com": false} {
			if source.Covers(host) != want {
				t.Errorf("Covers(%q) = %v", host, !want)
			}
		}

		// First the certificate, as a renewal tool does it: no pair yet.
		replace(t, cert, read(t, twoCert))
		shows("one.example.com") // this second was looked at already
		time.Sleep(time.Second)
		shows("one.example.com")
		time.Sleep(time.Second)
		shows("one.example.com")
		if len(failures) != 1 || !errors.Is(failures[0], certificate.ErrCertificate) {
			t.Errorf("failures: %v", failures)
		}
		replace(t, key, read(t, twoKey))
		time.Sleep(time.Second)
		shows("two.example.com")

		// A file that is gone or broken changes nothing.
		remove(t, dir, "key.pem")
		time.Sleep(time.Second)
		shows("two.example.com")
		write(t, key, []byte("broken"))
		if err := source.Reload(); !errors.Is(err, certificate.ErrCertificate) {
			t.Errorf("Reload = %v", err)
		}
		shows("two.example.com")
		write(t, key, read(t, oneKey))
		write(t, cert, read(t, oneCert))
		if err := source.Reload(); err != nil {
			t.Error(err)
		}
		shows("one.example.com")
	})
}

// replace puts a new file in a file's place.
func replace(t *testing.T, path string, data []byte) {
	t.Helper()
	write(t, path+".new", data)
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

func TestFilesRefuses(t *testing.T) {
	oneCert, oneKey := rsaPair(t, "one.example.com")
	_, twoKey := rsaPair(t, "two.example.com")
	missing := filepath.Join(t.TempDir(), "missing.pem")
	for _, test := range []struct{ name, cert, key, named string }{
		{"no certificate", missing, oneKey, "tls.cert_file"},
		{"no key", oneCert, missing, "tls.key_file"},
		{"not a pair", oneCert, twoKey, oneCert},
		{"the wrong way about", oneKey, oneCert, oneKey},
	} {
		_, err := certificate.Files(test.cert, test.key, never(t))
		if !errors.Is(err, certificate.ErrCertificate) || !strings.Contains(err.Error(), test.named) {
			t.Errorf("%s: %v", test.name, err)
		}
	}
	if _, err := certificate.Files(missing, oneKey, nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no certificate: %v", err)
	}
}
