package harness

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Proxy is a reverse proxy with a configuration from deploy/.
type Proxy struct {
	Program string    // nginx, caddy or haproxy
	Config  string    // below deploy/
	Replace []string  // old, new, …; every old must occur
	Around  [2]string // text added before and after the configuration
	Args    func(file string) []string
}

// FreePort returns a port that was free a moment ago.
func FreePort(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }() // it was never used
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

// Behind starts a proxy on the port of 127.0.0.1; from then on all requests to this
// server go through it.
func (s *Server) Behind(p Proxy, port string) {
	s.t.Helper()
	program := Program(s.t, p.Program)
	raw, err := os.ReadFile(filepath.Join("..", "deploy", p.Config))
	if err != nil {
		s.t.Fatal(err)
	}
	text := string(raw)
	for i := 0; i < len(p.Replace); i += 2 {
		if !strings.Contains(text, p.Replace[i]) {
			s.t.Fatalf("%s has no %q", p.Config, p.Replace[i])
		}
		text = strings.ReplaceAll(text, p.Replace[i], p.Replace[i+1])
	}
	dir := s.t.TempDir()
	file := filepath.Join(dir, "proxy.conf")
	if err := os.WriteFile(file, []byte(p.Around[0]+text+p.Around[1]), 0o600); err != nil {
		s.t.Fatal(err)
	}
	cmd := exec.Command(program, p.Args(file)...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "HOME="+dir, "XDG_DATA_HOME="+dir, "XDG_CONFIG_HOME="+dir)
	log := &capture{}
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }() // its log contains the error
	s.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-ended
		if s.t.Failed() {
			s.t.Logf("%s:\n%s", p.Program, log)
		}
	})
	Eventually(s.t, p.Program+" listens", func() bool {
		select {
		case <-ended:
			s.t.Fatalf("%s has ended:\n%s", p.Program, log)
		default:
		}
		c, err := net.DialTimeout("tcp", "127.0.0.1:"+port, time.Second)
		if err != nil {
			return false
		}
		_ = c.Close() // only a look
		return true
	})
	s.URL = "https://127.0.0.1:" + port + s.base()
}

// base returns the server's base path.
func (s *Server) base() string {
	_, rest, _ := strings.Cut(s.URL, "://")
	if i := strings.IndexByte(rest, '/'); i >= 0 {
		return rest[i:]
	}
	return ""
}

// From makes requests of this server's browsers use a local source address.
func (s *Server) From(address string) {
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(address)}}
	s.transport.DialContext = d.DialContext
	s.transport.CloseIdleConnections()
}
