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

	s.fails(exitFailed, []string{"no server runs on the data directory"}, "", "healthcheck")
	s.leaveRunning(secure.URL, TLSAuto)
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

	s.leaveRunning(plain.URL, TLSOff)
	s.must("", "healthcheck")
	s.leaveRunning("nonsense", TLSOff)
	s.fails(exitFailed, []string{"not the address of a server"}, "", "healthcheck")
	write(runningFile, "{")
	s.fails(exitFailed, []string{runningFile, "unexpected end"}, "", "healthcheck")
	write(runningFile, `{"pid":1}`) // of a server that was killed
	s.fails(exitFailed, []string{"is starting"}, "", "healthcheck")
}

// leaveRunning leaves in the data directory what a server does: its lock, and
// its description with the given keys of the configuration.
func (s *shell) leaveRunning(url, mode string, config ...string) {
	s.t.Helper()
	if err := os.MkdirAll(s.data, 0o700); err != nil {
		s.t.Fatal(err)
	}
	if lock, err := lockData(s.data); err == nil { // the first time
		s.t.Cleanup(func() { _ = lock.Close() })
	}
	r := runningServer{PID: os.Getpid(), URL: url, Config: map[string]string{"tls.mode": mode, "server.listen": "127.0.0.1:0"}}
	for i := 0; i < len(config); i += 2 {
		r.Config[config[i]] = config[i+1]
	}
	if err := r.write(s.data); err != nil {
		s.t.Fatal(err)
	}
}

// TestHealthcheckFiles: with the operator's own certificate, exactly that is
// trusted, whatever names are on it.
func TestHealthcheckFiles(t *testing.T) {
	s := newShell(t)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	own, other := keyPair(t, server.TLS.Certificates[0]), keyPair(t, selfSigned(t))
	s.leaveRunning(server.URL, TLSFiles, "tls.cert_file", own+".pem", "tls.key_file", own+".key")
	s.must("", "healthcheck")
	s.leaveRunning(server.URL, TLSFiles, "tls.cert_file", other+".pem", "tls.key_file", other+".key")
	s.fails(exitFailed, []string{"another certificate"}, "", "healthcheck")
}
