package certificate_test

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
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

// TestSEC53_ForwardSecrecy offers suites without it, and without authenticated
// encryption, to a server with an RSA key, with which they would be possible.
func TestSEC53_ForwardSecrecy(t *testing.T) {
	cert, key := rsaPair(t, "localhost")
	source, err := certificate.Files(cert, key, never(t))
	if err != nil {
		t.Fatal(err)
	}
	for suite, good := range map[uint16]bool{
		tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256: true,
		tls.TLS_RSA_WITH_AES_128_GCM_SHA256:       false,
		tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA:    false,
		tls.TLS_RSA_WITH_AES_256_CBC_SHA:          false,
		tls.TLS_RSA_WITH_3DES_EDE_CBC_SHA:         false,
	} {
		// The client is the attacker here.
		client := &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{suite}}
		if _, err := handshake(t, source.Config(), client); (err == nil) != good {
			t.Errorf("%s: %v", tls.CipherSuiteName(suite), err)
		}
	}
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
