package main

import (
	"encoding/pem"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
)

// TestHealthcheck asks real listeners, whose address and certificate lie where
// the server leaves them.
func TestHealthcheck(t *testing.T) {
	status := http.StatusOK
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/healthz" || r.Method != http.MethodGet {
			t.Errorf("%s %s", r.Method, r.URL)
		}
		w.WriteHeader(status)
	})
	s := newShell(t)
	write := func(name, content string) {
		t.Helper()
		file := filepath.Join(s.data, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	secure, plain := httptest.NewUnstartedServer(handler), httptest.NewServer(handler)
	defer plain.Close()
	secure.Config.ErrorLog = log.New(io.Discard, "", 0) // the handshakes that are refused
	secure.StartTLS()

	write(addressFile, secure.URL+"\n")
	s.fails(exitFailed, []string{"the local CA", "no such file"}, "", "healthcheck")
	write("tls/ca.pem", "nothing")
	s.fails(exitFailed, []string{"no certificate"}, "", "healthcheck")
	write("tls/ca.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw})))
	if out := s.must("", "healthcheck"); out != "healthy\n" {
		t.Errorf("%q", out)
	}
	status = http.StatusServiceUnavailable
	s.fails(exitFailed, []string{"not healthy", "503"}, "", "healthcheck")
	status = http.StatusFound // not followed
	s.fails(exitFailed, []string{"not healthy", "302"}, "", "healthcheck")
	status = http.StatusOK
	secure.Close()
	s.fails(exitFailed, []string{"does not answer"}, "", "healthcheck")

	write(addressFile, plain.URL)
	s.must("", "healthcheck", "--config", "testdata/off.toml")
	write(addressFile, "nonsense")
	s.fails(exitFailed, []string{"not the address of a server"}, "", "healthcheck")
}

// TestHealthcheckFiles: with the operator's own certificate, exactly that is
// trusted, whatever names are on it.
func TestHealthcheckFiles(t *testing.T) {
	s := newShell(t)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	if err := os.MkdirAll(s.data, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(s.data, addressFile), []byte(server.URL), 0o600); err != nil {
		t.Fatal(err)
	}
	own, other := keyPair(t, server.TLS.Certificates[0]), keyPair(t, selfSigned(t))
	s.env = []string{"TURNIKE_TLS_MODE=files", "TURNIKE_TLS_CERT_FILE=" + own + ".pem", "TURNIKE_TLS_KEY_FILE=" + own + ".key"}
	s.must("", "healthcheck")
	s.env = []string{"TURNIKE_TLS_MODE=files", "TURNIKE_TLS_CERT_FILE=" + other + ".pem", "TURNIKE_TLS_KEY_FILE=" + other + ".key"}
	s.fails(exitFailed, []string{"another certificate"}, "", "healthcheck")
}
