package certificate_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/turnike/turnike/internal/certificate"
)

const day = 24 * time.Hour

// never is for sources that have no reason to fail.
func never(t *testing.T) func(error) {
	t.Helper()
	return func(err error) { t.Errorf("failed: %v", err) }
}

// local makes a Source with an authority in dir.
func local(t *testing.T, dir string, hosts ...string) *certificate.Source {
	t.Helper()
	source, err := certificate.Local(dir, hosts, never(t))
	if err != nil {
		t.Fatal(err)
	}
	return source
}

// trust gives a pool with the authority in dir.
func trust(t *testing.T, dir string) *x509.CertPool {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, certificate.CAFile))
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(data) {
		t.Fatal("no certificate in the file")
	}
	return roots
}

// leaf gives the certificate that a handshake gets.
func leaf(t *testing.T, source *certificate.Source) *x509.Certificate {
	t.Helper()
	shown, err := source.Get(&tls.ClientHelloInfo{})
	if err != nil {
		t.Fatal(err)
	}
	return shown.Leaf
}

// verify does what a client does with the certificate it is shown.
func verify(t *testing.T, source *certificate.Source, roots *x509.CertPool, name string) error {
	t.Helper()
	_, err := leaf(t, source).Verify(x509.VerifyOptions{Roots: roots, DNSName: name, CurrentTime: time.Now()})
	return err
}

// handshake connects a client to a server over a pipe.
func handshake(t *testing.T, server, client *tls.Config) (tls.ConnectionState, error) {
	t.Helper()
	ours, theirs := net.Pipe()
	defer ours.Close()
	defer theirs.Close()
	var serving sync.WaitGroup
	serving.Go(func() {
		conn := tls.Server(ours, server)
		if conn.HandshakeContext(t.Context()) == nil {
			_, _ = conn.Write([]byte{1}) // lets the client read the tickets
		}
		_ = ours.Close()
	})
	conn := tls.Client(theirs, client)
	err := conn.HandshakeContext(t.Context())
	if err == nil {
		_, err = conn.Read(make([]byte, 1))
	}
	state := conn.ConnectionState()
	_ = theirs.Close()
	serving.Wait()
	return state, err
}

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

// TestSEC53_Protocol has what a client may negotiate.
func TestSEC53_Protocol(t *testing.T) {
	dir := t.TempDir()
	config := local(t, dir, "localhost").Config()
	roots := trust(t, dir)
	state, err := handshake(t, config, &tls.Config{RootCAs: roots, ServerName: "localhost", NextProtos: []string{"h2", "http/1.1"}})
	if err != nil || state.Version != tls.VersionTLS13 || state.CurveID != tls.X25519MLKEM768 || state.NegotiatedProtocol != "h2" {
		t.Errorf("a modern client: version %x, group %v, %q, %v", state.Version, state.CurveID, state.NegotiatedProtocol, err)
	}
	state, err = handshake(t, config, &tls.Config{RootCAs: roots, ServerName: "localhost", MaxVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}})
	if err != nil || state.Version != tls.VersionTLS12 || state.NegotiatedProtocol != "http/1.1" {
		t.Errorf("an older client: version %x, %q, %v", state.Version, state.NegotiatedProtocol, err)
	}
	if _, err := handshake(t, config, &tls.Config{RootCAs: roots, ServerName: "localhost", MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}); err == nil {
		t.Error("TLS 1.1 is accepted")
	}
	session := tls.NewLRUClientSessionCache(1)
	for _, resumed := range []bool{false, true} {
		state, err := handshake(t, config, &tls.Config{RootCAs: roots, ServerName: "localhost", ClientSessionCache: session})
		if err != nil || state.DidResume != resumed {
			t.Errorf("resumed: %v, want %v (%v)", state.DidResume, resumed, err)
		}
	}
}

// TestSEC53_ForwardSecrecy offers suites without it to a server with an RSA
// key, with which they would be possible.
func TestSEC53_ForwardSecrecy(t *testing.T) {
	cert, key := rsaPair(t, "localhost")
	source, err := certificate.Files(cert, key, never(t))
	if err != nil {
		t.Fatal(err)
	}
	for suite, good := range map[uint16]bool{
		tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256: true,
		tls.TLS_RSA_WITH_AES_128_GCM_SHA256:       false,
		tls.TLS_RSA_WITH_AES_256_CBC_SHA:          false,
		tls.TLS_RSA_WITH_3DES_EDE_CBC_SHA:         false,
	} {
		//nolint:gosec // The client is the attacker here.
		client := &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{suite}}
		if _, err := handshake(t, source.Config(), client); (err == nil) != good {
			t.Errorf("%s: %v", tls.CipherSuiteName(suite), err)
		}
	}
}

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

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
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
		name   string
		break_ func(t *testing.T, dir string)
		good   bool
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
			test.break_(t, dir)
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

// TestAtOnce: handshakes and reloads from many sides.
func TestAtOnce(t *testing.T) {
	source := local(t, t.TempDir(), "localhost")
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 50 {
				if _, err := source.Get(nil); err != nil {
					t.Error(err)
				}
				if err := source.Reload(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
}

func TestHosts(t *testing.T) {
	hosts := certificate.Hosts("", "turnike.example.com")
	for _, want := range []string{"localhost", "127.0.0.1", "::1", "turnike.example.com"} {
		if !slices.Contains(hosts, want) {
			t.Errorf("%s is not in %v", want, hosts)
		}
	}
	if slices.Contains(hosts, "") {
		t.Errorf("an empty name in %q", hosts)
	}
	for _, bad := range []string{"", ".", "a..b", "-a.example.com", "a-.example.com", "a b", "ünlü.example.com", "*.example.com", "a/b", "300.1.1.1", "1.2.3", "fe80::1%eth0",
		strings.Repeat("a", 64) + ".com", strings.Repeat("a.", 130) + "com", "a\x00b", "https://example.com", "example.com:5000", "[::1"} {
		if _, err := certificate.Local(t.TempDir(), []string{bad}, never(t)); !errors.Is(err, certificate.ErrCertificate) {
			t.Errorf("%.80q: %v", bad, err)
		}
	}
}

func BenchmarkGet(b *testing.B) {
	source, err := certificate.Local(b.TempDir(), []string{"localhost"}, nil)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := source.Get(nil); err != nil {
			b.Fatal(err)
		}
	}
}
