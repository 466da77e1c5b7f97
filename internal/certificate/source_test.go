package certificate

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func fail(t *testing.T) func(error) { return func(err error) { t.Helper(); t.Error(err) } }

// TestSEC53_LocalCA: a client that trusts the CA file accepts the leaf under
// each of its names, keys are the owner's alone, and a second start keeps both.
func TestSEC53_LocalCA(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "tls")
	names := []string{"localhost", "127.0.0.1", "::1", "app.example.com"}
	s, err := Local(dir, names, fail(t))
	if err != nil {
		t.Fatal(err)
	}
	ca, err := os.ReadFile(filepath.Join(dir, CAFile))
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca)
	leaf := s.current.Load().Leaf
	for _, n := range names {
		if _, err := leaf.Verify(x509.VerifyOptions{DNSName: n, Roots: roots}); err != nil {
			t.Errorf("%s: %v", n, err)
		}
	}
	for _, key := range []string{caKey, leafKey} {
		info, err := os.Stat(filepath.Join(dir, key))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: mode %v, %v", key, info.Mode(), err)
		}
	}
	if left := time.Until(s.NotAfter()); left > leafLife || left < leafLife-time.Minute {
		t.Errorf("leaf lives %v", left)
	}
	again, err := Local(dir, names, fail(t))
	if err != nil {
		t.Fatal(err)
	}
	if !again.current.Load().Leaf.Equal(leaf) {
		t.Error("the second start made another leaf")
	}
	other, err := Local(dir, append(names, "new.example.com"), fail(t))
	if err != nil {
		t.Fatal(err)
	}
	if got := other.current.Load().Leaf; got.Equal(leaf) || got.CheckSignatureFrom(s.current.Load().Leaf) == nil {
		t.Error("a new name made no new leaf")
	}
	if after, err := os.ReadFile(filepath.Join(dir, CAFile)); err != nil || string(after) != string(ca) {
		t.Error("a new leaf changed the CA")
	}
}

// TestFilesReload: a changed pair is served without a restart; a broken one
// leaves the old one in place.
func TestFilesReload(t *testing.T) {
	dir := t.TempDir()
	cert, key := filepath.Join(dir, leafFile), filepath.Join(dir, leafKey)
	if _, err := Local(dir, []string{"one.example.com"}, fail(t)); err != nil {
		t.Fatal(err)
	}
	s, err := Files(cert, key, fail(t))
	if err != nil {
		t.Fatal(err)
	}
	if got := s.Names(); len(got) != 1 || got[0] != "one.example.com" {
		t.Fatalf("names %v", got)
	}
	if _, err := Local(dir, []string{"two.example.com"}, fail(t)); err != nil {
		t.Fatal(err)
	}
	later := time.Now().Add(time.Minute)
	if err := errors.Join(os.Chtimes(cert, later, later), s.Reload()); err != nil {
		t.Fatal(err)
	}
	if got := s.Names(); got[0] != "two.example.com" {
		t.Errorf("after the change: %v", got)
	}
	if err := os.WriteFile(key, []byte("broken"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.Reload(); err == nil {
		t.Error("a broken key was taken")
	}
	if c, err := s.Get(&tls.ClientHelloInfo{}); err != nil || c.Leaf.DNSNames[0] != "two.example.com" {
		t.Errorf("after a broken change: %v", err)
	}
	if _, err := Files(filepath.Join(dir, "none"), key, fail(t)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}
