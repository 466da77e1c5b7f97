package certificate_test

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/turnike/turnike/internal/certificate"
)

// TestSEC53_Local: who trusts the authority's file accepts the server under
// each of its names and no other.
func TestSEC53_Local(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "tls")
	source := local(t, dir, certificate.Hosts("Turnike.Example.com.", "[2001:DB8::1]", "192.0.2.7", "", "localhost")...)
	roots := trust(t, dir)
	for _, name := range []string{"localhost", "127.0.0.1", "::1", "turnike.example.com", "2001:db8::1", "192.0.2.7"} {
		if err := verify(t, source, roots, name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if !slices.Contains(source.Names(), name) || !source.Covers(name) {
			t.Errorf("%s is not in %v", name, source.Names())
		}
	}
	for _, name := range []string{"example.com", "evil.example.com", "127.0.0.2", "localhost.evil.com"} {
		if err := verify(t, source, roots, name); err == nil {
			t.Errorf("%s is accepted", name)
		}
		if source.Covers(name) {
			t.Errorf("Covers(%s)", name)
		}
	}
	if err := verify(t, source, trust(t, dirOfAnother(t)), "localhost"); err == nil {
		t.Error("another authority vouches for it")
	}
	for name, want := range map[string]fs.FileMode{"": 0o700, "ca.key": 0o600, "server.pem": 0o600, certificate.CAFile: 0o644} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode().Perm() != want {
			t.Errorf("%q: mode %v, %v", name, info.Mode(), err)
		}
	}
	certificates := leaf(t, source)
	if life := certificates.NotAfter.Sub(certificates.NotBefore); life > 397*day || life < 396*day {
		t.Errorf("it lives %v", life)
	}
	if certificates.PublicKeyAlgorithm != x509.ECDSA || certificates.IsCA || !source.NotAfter().Equal(certificates.NotAfter) {
		t.Errorf("%v, %v", certificates.PublicKeyAlgorithm, certificates.IsCA)
	}
}

func dirOfAnother(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	local(t, dir, "localhost")
	return dir
}

// TestLocalRestart: what is on the disk is used again as long as it fits.
func TestLocalRestart(t *testing.T) {
	dir := t.TempDir()
	first := leaf(t, local(t, dir, "localhost", "127.0.0.1"))
	authority := read(t, filepath.Join(dir, certificate.CAFile))
	if again := leaf(t, local(t, dir, "127.0.0.1", "LOCALHOST.", "localhost", "::ffff:127.0.0.1")); !again.Equal(first) {
		t.Error("a restart makes a new certificate")
	}
	second := leaf(t, local(t, dir, "localhost", "127.0.0.1", "new.example.com"))
	if second.Equal(first) || second.VerifyHostname("new.example.com") != nil {
		t.Error("a new name makes no new certificate")
	}
	if back := leaf(t, local(t, dir, "localhost", "127.0.0.1")); back.VerifyHostname("new.example.com") == nil {
		t.Error("a name that is gone stays on the certificate")
	}
	for name, content := range map[string][]byte{"empty": nil, "broken": []byte("x"), "authority's": authority} {
		write(t, filepath.Join(dir, "server.pem"), content)
		if made := leaf(t, local(t, dir, "localhost")); made.VerifyHostname("localhost") != nil {
			t.Errorf("%s certificate: none is made", name)
		}
	}
	if string(read(t, filepath.Join(dir, certificate.CAFile))) != string(authority) {
		t.Error("the authority changed")
	}
}

// TestLocalAuthorityFiles has each way in which the authority's files can be
// wrong. A key is never replaced unasked.
func TestLocalAuthorityFiles(t *testing.T) {
	other := dirOfAnother(t)
	for _, test := range []struct {
		name string
		harm func(t *testing.T, dir string)
		good bool
	}{
		{"certificate lost", func(t *testing.T, dir string) { remove(t, dir, "ca.pem") }, true},
		{"all lost", func(t *testing.T, dir string) { remove(t, dir, "ca.pem", "ca.key", "server.pem") }, true},
		{"authority lost, server's certificate not", func(t *testing.T, dir string) { remove(t, dir, "ca.pem", "ca.key") }, true},
		{"key lost", func(t *testing.T, dir string) { remove(t, dir, "ca.key") }, false},
		{"key broken", func(t *testing.T, dir string) { write(t, filepath.Join(dir, "ca.key"), []byte("x")) }, false},
		{"certificate broken", func(t *testing.T, dir string) { write(t, filepath.Join(dir, "ca.pem"), []byte("x")) }, false},
		{"key of another", func(t *testing.T, dir string) {
			write(t, filepath.Join(dir, "ca.key"), read(t, filepath.Join(other, "ca.key")))
		}, false},
		{"no authority's certificate", func(t *testing.T, dir string) {
			block, _ := pem.Decode(read(t, filepath.Join(dir, "server.pem")))
			write(t, filepath.Join(dir, "ca.pem"), pem.EncodeToMemory(block))
		}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			local(t, dir, "localhost")
			test.harm(t, dir)
			before, _ := os.ReadFile(filepath.Join(dir, "ca.key"))
			source, err := certificate.Local(dir, []string{"localhost"}, never(t))
			if (err == nil) != test.good {
				t.Fatalf("error = %v", err)
			}
			if err != nil {
				if !errors.Is(err, certificate.ErrCertificate) || !strings.Contains(err.Error(), "remove") {
					t.Errorf("the error does not help: %v", err)
				}
				if after, _ := os.ReadFile(filepath.Join(dir, "ca.key")); before != nil && string(after) != string(before) {
					t.Error("the key was replaced")
				}
				return
			}
			if err := verify(t, source, trust(t, dir), "localhost"); err != nil {
				t.Error(err)
			}
		})
	}
}

func remove(t *testing.T, dir string, names ...string) {
	t.Helper()
	for _, name := range names {
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
}

// TestSEC53_Renewal lets time pass: a running server renews its certificate 30
// days before its end, and its authority's two years before, with the same key,
// so that who trusts the old one need not do anything for that long.
func TestSEC53_Renewal(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		source := local(t, dir, "localhost")
		first := leaf(t, source)
		trusted := trust(t, dir)

		time.Sleep(time.Until(first.NotAfter) - 30*day - time.Second)
		if !leaf(t, source).Equal(first) {
			t.Error("renewed too early")
		}
		time.Sleep(2 * time.Second)
		second := leaf(t, source)
		if second.Equal(first) || time.Until(second.NotAfter) < 396*day {
			t.Errorf("not renewed: until %v", second.NotAfter)
		}

		start := time.Now()
		for time.Since(start) < (10*365-2*366-400)*day {
			time.Sleep(300 * day)
			if left := time.Until(leaf(t, source).NotAfter); left < 30*day {
				t.Fatalf("%v left", left)
			}
		}
		time.Sleep(400 * day)
		if err := verify(t, source, trusted, "localhost"); err != nil {
			t.Errorf("who trusts the first authority: %v", err)
		}
		// After a whole life of the first authority the new one's file serves.
		for range 12 {
			time.Sleep(300 * day)
			leaf(t, source)
		}
		if err := verify(t, source, trust(t, dir), "localhost"); err != nil {
			t.Errorf("who trusts the present authority: %v", err)
		}
		if err := verify(t, source, trusted, "localhost"); err == nil {
			t.Error("the first authority never ends")
		}
	})
}

// TestLocalRenewalFails takes the directory away when the time has come.
func TestLocalRenewalFails(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "tls")
	synctest.Test(t, func(t *testing.T) {
		var failures []error
		source, err := certificate.Local(dir, []string{"localhost"}, func(err error) { failures = append(failures, err) })
		if err != nil {
			t.Fatal(err)
		}
		first := leaf(t, source)
		if err := os.Rename(dir, dir+".away"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(370 * day)
		for range 5 {
			if !leaf(t, source).Equal(first) {
				t.Error("another certificate is shown")
			}
			time.Sleep(2 * time.Second)
		}
		if len(failures) != 1 {
			t.Errorf("told %d times: %v", len(failures), failures)
		}
		if err := os.Rename(dir+".away", dir); err != nil {
			t.Fatal(err)
		}
		if leaf(t, source).Equal(first) {
			t.Error("not renewed when it was possible again")
		}
	})
}
