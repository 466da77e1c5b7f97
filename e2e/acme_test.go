package e2e

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"io/fs"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/turnike/turnike/e2e/harness"
)

// acmeName is a host name that only pebble's DNS server resolves.
const acmeName = "turnike.example.com"

// pebble is Let's Encrypt's test CA and its DNS server, which resolves every name to
// this machine.
type pebble struct {
	directory, manage string
	caFile            string // the CA file for its API
	client            *http.Client
	tls, http         string // ports of 127.0.0.1 that it validates names on
}

// freePort returns a free port.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

// startPebble starts pebble with the given lifetime of certificates.
func startPebble(t *testing.T, life time.Duration) *pebble {
	t.Helper()
	harness.Program(t, "pebble")
	dir := t.TempDir()
	p := &pebble{caFile: filepath.Join(dir, "pebble.pem"), tls: freePort(t), http: freePort(t)}
	roots := apiCertificate(t, p.caFile, filepath.Join(dir, "pebble.key"))
	p.client = &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, DisableKeepAlives: true}}
	api, manage, dns := "127.0.0.1:"+freePort(t), "127.0.0.1:"+freePort(t), "127.0.0.1:"+freePort(t)
	p.directory, p.manage = "https://"+api+"/dir", "https://"+manage
	config, err := json.Marshal(map[string]any{"pebble": map[string]any{"listenAddress": api, "managementListenAddress": manage,
		"certificate": p.caFile, "privateKey": filepath.Join(dir, "pebble.key"), "httpPort": number(t, p.http), "tlsPort": number(t, p.tls),
		"certificateValidityPeriod": int(life.Seconds())}})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "pebble.json")
	if err := os.WriteFile(file, config, 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, "pebble-challtestsrv", "-defaultIPv6", "", "-dns01", dns, "-http01", "", "-https01", "", "-tlsalpn01", "", "-management", "127.0.0.1:"+freePort(t))
	run(t, "pebble", "-config", file, "-dnsserver", dns)
	harness.Eventually(t, "pebble", func() bool {
		answer, err := p.client.Get(p.directory)
		if err != nil {
			return false
		}
		return answer.Body.Close() == nil
	})
	return p
}

func number(t *testing.T, port string) int {
	t.Helper()
	n, err := net.LookupPort("tcp", port)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// run starts a program and kills it when the test ends.
func run(t *testing.T, name string, args ...string) {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), "PEBBLE_VA_NOSLEEP=1")
	var said bytes.Buffer // read when the process has ended
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // killed
		if t.Failed() {
			t.Logf("%s said:\n%s", name, said.String())
		}
	})
}

// apiCertificate creates the certificate of pebble's API.
func apiCertificate(t *testing.T, certFile, keyFile string) *x509.CertPool {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	cert := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	for file, data := range map[string][]byte{certFile: cert, keyFile: pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: keyDER})} {
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(cert)
	return pool
}

// roots returns the root certificates that pebble created at its start.
func (p *pebble) roots(t *testing.T) *x509.CertPool {
	t.Helper()
	answer, err := p.client.Get(p.manage + "/roots/0")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	data, err := io.ReadAll(answer.Body)
	pool := x509.NewCertPool()
	if err != nil || !pool.AppendCertsFromPEM(data) {
		t.Fatalf("pebble's root: %v\n%s", err, data)
	}
	return pool
}

// serve prepares a server that obtains its certificate from p.
func (p *pebble) serve(t *testing.T, port string, more ...harness.Option) *harness.Server {
	return harness.New(t, append([]harness.Option{harness.Args("--listen", "127.0.0.1:"+port),
		harness.Set("server.listen", "127.0.0.1:"+port), // for commands
		harness.Set("server.public_url", "https://"+acmeName), harness.Set("tls.mode", "acme"),
		harness.Set("tls.acme_directory", p.directory), harness.Set("tls.acme_ca_file", p.caFile), harness.Set("tls.acme_agree", "true"),
		harness.Set("tls.acme_email", "ops@example.com")}, more...)...)
}

// leaf returns the server's certificate for the name, verified with these roots only.
func leaf(s *harness.Server, roots *x509.CertPool) (*x509.Certificate, error) {
	conn, err := tls.DialWithDialer(&net.Dialer{Timeout: 5 * time.Second}, "tcp", s.Addr(), &tls.Config{RootCAs: roots, ServerName: acmeName})
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	return conn.ConnectionState().PeerCertificates[0], nil
}

// obtained waits for a certificate that was issued by roots.
func obtained(t *testing.T, s *harness.Server, roots *x509.CertPool) *x509.Certificate {
	t.Helper()
	var cert *x509.Certificate
	harness.Eventually(t, "a certificate", func() (yes bool) {
		var err error
		cert, err = leaf(s, roots)
		return err == nil
	})
	return cert
}

// TestSEC53_ACME: the server obtains its certificate from a CA, with either challenge
// alone, and keeps it for the next start.
func TestSEC53_ACME(t *testing.T) {
	t.Parallel()
	for challenge, prepare := range map[string]func(p *pebble) (port, httpListen string){
		"TLS-ALPN-01": func(p *pebble) (string, string) { return p.tls, "" },
		"HTTP-01":     func(p *pebble) (string, string) { return freePort(t), "127.0.0.1:" + p.http },
	} {
		t.Run(challenge, func(t *testing.T) {
			t.Parallel()
			p := startPebble(t, 90*24*time.Hour)
			port, httpListen := prepare(p)
			s := p.serve(t, port, harness.Set("tls.acme_http_listen", httpListen))
			s.Run()
			first := obtained(t, s, p.roots(t))
			if len(s.Logged("certificate obtained")) != 1 {
				t.Error("nothing is logged of the new certificate")
			}
			privateTree(t, filepath.Join(s.Data, "acme"))
			if r := s.CLI("healthcheck"); r.Code != 0 {
				t.Errorf("healthcheck: %+v", r)
			}
			s.Restart()
			again, err := leaf(s, p.roots(t))
			if err != nil || again.SerialNumber.Cmp(first.SerialNumber) != 0 {
				t.Errorf("after a restart: %v", err)
			}
		})
	}
}

// privateTree requires that only the owner can read a directory.
func privateTree(t *testing.T, dir string) {
	t.Helper()
	keys := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has the mode %v", path, info.Mode())
		}
		if strings.HasSuffix(path, ".key") {
			keys++
		}
		return err
	})
	if err != nil || keys == 0 {
		t.Errorf("%d keys, %v", keys, err)
	}
}

// TestSEC53_ACMERenewal: if a certificate is due at the start, the server logs a
// warning, renews it, and logs the renewal.
func TestSEC53_ACMERenewal(t *testing.T) {
	t.Parallel()
	p := startPebble(t, 15*time.Second)
	s := p.serve(t, p.tls, harness.Set("tls.acme_http_listen", ""))
	s.Run()
	first := obtained(t, s, p.roots(t))
	s.Stop()
	harness.Eventually(t, "the end of the certificate", func() bool { return time.Now().After(first.NotAfter) })
	s.Run()
	harness.Eventually(t, "the warning", func() bool { return len(s.Logged("the certificate ends soon; renew it")) > 0 })
	second := obtained(t, s, p.roots(t))
	if second.SerialNumber.Cmp(first.SerialNumber) == 0 || !second.NotAfter.After(first.NotAfter) {
		t.Errorf("from %v to %v", first.NotAfter, second.NotAfter)
	}
	if lines := s.Logged("certificate obtained"); len(lines) == 0 || lines[0]["renewal"] != true {
		t.Errorf("logged: %v", lines)
	}
}

// TestSEC53_ACMEUnreachable: if the CA is unreachable, the server starts, logs the
// error, refuses handshakes, and stops cleanly.
func TestSEC53_ACMEUnreachable(t *testing.T) {
	t.Parallel()
	p := &pebble{directory: "https://127.0.0.1:" + freePort(t) + "/dir", caFile: filepath.Join(t.TempDir(), "ca.pem")}
	apiCertificate(t, p.caFile, filepath.Join(t.TempDir(), "key"))
	s := p.serve(t, freePort(t), harness.Set("tls.acme_http_listen", ""))
	s.Run()
	harness.Eventually(t, "the log", func() bool { return strings.Contains(s.Stderr(), "connection refused") })
	if _, err := leaf(s, x509.NewCertPool()); err == nil {
		t.Error("a certificate out of nowhere")
	}
}

// TestACMERefused: the server refuses a configuration that a CA would refuse.
func TestACMERefused(t *testing.T) {
	t.Parallel()
	good := []string{"TURNIKE_TLS_MODE=acme", "TURNIKE_SERVER_PUBLIC_URL=https://" + acmeName, "TURNIKE_TLS_ACME_AGREE=true"}
	for key, env := range map[string][]string{
		"":                   nil,
		"tls.acme_agree":     {"TURNIKE_TLS_ACME_AGREE=false"},
		"server.public_url":  {"TURNIKE_SERVER_PUBLIC_URL=https://127.0.0.1"},
		"tls.acme_email":     {"TURNIKE_TLS_ACME_EMAIL=nobody"},
		"tls.acme_directory": {"TURNIKE_TLS_ACME_DIRECTORY=http://ca.example.com"},
	} {
		r := harness.Command{Args: []string{"check", "--data", t.TempDir()}, Env: append(without(good, env), env...)}.Run(t)
		if key == "" {
			if r.Code != 0 {
				t.Errorf("good: %+v", r)
			}
		} else if line := r.Line(t); r.Code != 1 || !strings.Contains(line, key+": ") && !strings.Contains(line, key+" (") {
			t.Errorf("%s: %+v", key, r)
		}
	}
}

// without removes the variables that others overrides.
func without(env, others []string) []string {
	var out []string
	for _, e := range env {
		name, _, _ := strings.Cut(e, "=")
		if !strings.Contains(fmt.Sprintf("%q", others), `"`+name+"=") {
			out = append(out, e)
		}
	}
	return out
}
