package e2e

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"database/sql"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	_ "modernc.org/sqlite" // to hold the database's write lock from outside

	"github.com/turnike/turnike/e2e/harness"
)

// TestContractSignals: SIGINT drains as SIGTERM does; SIGHUP ends nothing.
func TestContractSignals(t *testing.T) {
	t.Parallel()
	s := harness.Start(t)
	k := s.Socket(s.Login("ali"))
	k.Register()
	s.Signal(syscall.SIGHUP)
	k.Barrier()
	s.Signal(syscall.SIGINT)
	k.SentAway(4100)
	s.Stopped()
	s.Run()
}

// TestContractStoreUnavailable: while the store cannot be written, a login gets 503 with
// a time to retry and a register its error code; reads work, and no one is disconnected.
func TestContractStoreUnavailable(t *testing.T) {
	t.Parallel()
	s := harness.Start(t)
	token := s.Login("ali")
	inside := s.Socket(s.Login("veli"))
	inside.Register()
	waiting := s.Socket(token)

	release := holdDatabase(t, s)
	a := s.Browser().TryLogin("ayse", harness.Password)
	a.Problem(503, "store_unavailable")
	if a.Header.Get("Retry-After") == "" {
		t.Error("503 without Retry-After")
	}
	waiting.Fails("store_unavailable", "register_user", map[string]any{})
	s.Bearer(token).Get("/socket").Want(200)
	inside.Barrier()
	release()
	s.Browser().TryLogin("ayse", harness.Password).Want(200)
	waiting.Register()
	inside.Status("ali", "online")
}

// TestContractDrainUnstored: a server that cannot write still stops; after the next
// start the seats are in boot grace [S7].
func TestContractDrainUnstored(t *testing.T) {
	t.Parallel()
	s := harness.Start(t)
	token := s.Login("ali")
	k := s.Socket(token)
	k.Register()
	release := holdDatabase(t, s)
	s.Signal(syscall.SIGTERM)
	k.SentAway(4100)
	<-s.Exited()
	release()
	s.Ended()
	if p := s.Pool("default"); p.Used != 1 {
		t.Errorf("%+v", p)
	}
	s.Run()
	s.Socket(token).Register()
}

// holdDatabase takes the database's write lock from outside, until release.
func holdDatabase(t *testing.T, s *harness.Server) (release func()) {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(s.Data, "turnike.db"))
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	if _, err := db.ExecContext(t.Context(), "PRAGMA busy_timeout=20000"); err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), "BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	var once sync.Once
	release = func() {
		once.Do(func() {
			if err := db.Close(); err != nil { // which rolls back
				t.Error(err)
			}
		})
	}
	t.Cleanup(release)
	return release
}

// TestContractTLSFiles: with the operator's certificate the server sends HSTS.
func TestContractTLSFiles(t *testing.T) {
	t.Parallel()
	cert, key := selfSigned(t, t.TempDir())
	s := harness.Start(t, harness.Set("tls.mode", "files"), harness.Set("tls.cert_file", cert), harness.Set("tls.key_file", key), harness.TrustFile(cert))
	a := s.Browser().Get("/healthz").Want(200)
	if got := a.Header.Get("Strict-Transport-Security"); !strings.Contains(got, "max-age=31536000") {
		t.Errorf("HSTS %q", got)
	}
	s.Socket(s.Login("ali")).Register()
}

// selfSigned creates a certificate for 127.0.0.1.
func selfSigned(t *testing.T, dir string) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for file, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: pkcs8}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}

// TestA2_SessionsShareASeat: with max_sessions = 2 a user's sessions share one seat, and
// a third login ends the least recently active session.
func TestA2_SessionsShareASeat(t *testing.T) {
	t.Parallel()
	s := harness.Start(t)
	s.Must("pool", "set", "default", "--limit", "2", "--max-sessions", "2")
	watcher := s.Socket(s.Login("veli"))
	watcher.Register()
	one, two := s.Login("ali"), s.Login("ali")
	first := s.Socket(one)
	first.Register()
	watcher.Status("ali", "online")
	second := s.Socket(two)
	got := second.Register()
	if got.Slots.Used != 2 || got.Sync.Count != 2 {
		t.Errorf("%+v", got)
	}
	for _, e := range got.Sync.Users {
		if e.Username == "ali" && e.Connections != 2 {
			t.Errorf("%+v", e)
		}
	}
	s.Bearer(one).Get("/socket").Want(200)
	s.Bearer(two).Get("/socket").Want(200)
	first.Leave() // not the last connection
	first.Gone()
	s.Must("session", "end", harness.ParseToken(t, one).Claims["sid"].(string))
	second.Barrier()
	if seats := s.Pool("default"); seats.Held != 2 {
		t.Errorf("%+v", seats)
	}
	second.Leave()
	if got := watcher.Status("ali", "offline"); *got.Reason != "left" {
		t.Errorf("%+v", got)
	}
	s.Login("ali")
	s.Login("ali") // the third: two was last active before the other
	s.Bearer(two).Get("/socket").Problem(401, "replaced")
}
