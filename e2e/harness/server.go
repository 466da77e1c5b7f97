package harness

import (
	"bufio"
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"io/fs"
	"maps"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Option changes how a server is started.
type Option func(*Server)

// Set sets a configuration key through its environment variable.
func Set(key, value string) Option {
	return Env("TURNIKE_" + strings.ToUpper(strings.ReplaceAll(key, ".", "_")) + "=" + value)
}

// Env sets an environment variable, "NAME=value".
func Env(variable string) Option {
	return func(s *Server) { s.env = append(s.env, variable) }
}

// Args adds arguments to `serve`.
func Args(args ...string) Option {
	return func(s *Server) { s.args = append(s.args, args...) }
}

// Empty starts the server with a data directory that does not exist yet, instead of one
// with the prepared accounts.
func Empty() Option {
	return func(s *Server) { s.empty = true }
}

// Opened passes an open socket to the server as systemd does.
func Opened(l *net.TCPListener) Option {
	return func(s *Server) { s.socket = l }
}

// Stderr sets the process's stderr; Logged then reads nothing.
func Stderr(f *os.File) Option {
	return func(s *Server) { s.errors = f }
}

// TrustFile makes clients trust a certificate instead of the local CA's.
func TrustFile(file string) Option {
	return func(s *Server) { s.trusted = file }
}

// Server is one running server and its data directory.
type Server struct {
	Data string // the data directory
	URL  string // from the ready line, without a trailing slash

	t       testing.TB
	env     []string
	args    []string
	empty   bool
	trusted string // certificate file; that of the local CA if empty
	port    string // to listen on; any if empty
	socket  *net.TCPListener
	errors  *os.File // in place of stderr

	cmd    *exec.Cmd
	exited chan struct{}
	stdout []string // the lines before the ready line
	stderr *capture
	ca     *x509.CertPool
	client *http.Client

	transport *http.Transport // of client
}

// Start starts a server with its own data directory and waits until it is ready. When
// the test ends, the server is stopped and must stop cleanly.
func Start(t testing.TB, options ...Option) *Server {
	t.Helper()
	s := New(t, options...)
	s.Run()
	return s
}

// New prepares a server without starting it.
func New(t testing.TB, options ...Option) *Server {
	t.Helper()
	s := &Server{t: t, Data: filepath.Join(t.TempDir(), "data"), env: append(cheapHashes(), patience()...)}
	for _, o := range options {
		o(s)
	}
	if !s.empty {
		if err := copyTree(s.Data, suite.seed); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		if s.cmd != nil {
			s.Stop()
		}
	})
	return s
}

// patience gives clients more time on a busy machine.
func patience() []string {
	return []string{"TURNIKE_SOCKETIO_CONNECT_TIMEOUT=1m", "TURNIKE_SOCKETIO_REGISTER_TIMEOUT=5m"}
}

// copyTree copies a data directory including file modes.
func copyTree(to, from string) error {
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		target := filepath.Join(to, strings.TrimPrefix(path, from))
		if d.IsDir() {
			return os.Mkdir(target, info.Mode().Perm())
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(target, raw, info.Mode().Perm())
	})
}

// readyLine matches the ready line, which ends with the URL.
var readyLine = regexp.MustCompile(`(https?://\S+)$`)

// Run starts the process and waits for its ready line.
func (s *Server) Run() {
	s.t.Helper()
	s.cmd = exec.Command(suite.Binary, append([]string{"serve", "--listen", "127.0.0.1:" + cmp.Or(s.port, "0"), "--data", s.Data}, s.args...)...)
	s.cmd.Env = append(environment(), s.env...)
	if s.socket != nil {
		f, err := s.socket.File()
		if err != nil {
			s.t.Fatal(err)
		}
		defer func() { _ = f.Close() }() // the process has its own copy by then
		s.cmd.Args = append([]string{"sh", "-c", `LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" "$@"`}, s.cmd.Args...)
		s.cmd.Path, s.cmd.ExtraFiles = "/bin/sh", []*os.File{f}
	}
	s.stderr = &capture{}
	s.cmd.Stderr = s.stderr
	if s.errors != nil {
		s.cmd.Stderr = s.errors
	}
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	ready := make(chan string, 1)
	s.stdout = nil
	read := make(chan struct{})
	go func() {
		defer close(read)
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if m := readyLine.FindStringSubmatch(lines.Text()); m != nil {
				ready <- m[1]
				break
			}
			s.stdout = append(s.stdout, lines.Text())
		}
		_, _ = io.Copy(io.Discard, out) // ends with the process
	}()
	s.exited = make(chan struct{})
	cmd, exited := s.cmd, s.exited
	go func() {
		<-read
		_ = cmd.Wait() // callers check the process state
		close(exited)
	}()
	select {
	case address := <-ready:
		s.URL = strings.TrimSuffix(address, "/")
	case <-s.exited:
		s.cmd = nil
		s.t.Fatalf("serve ended before it was ready\nstdout: %s\nstderr: %s", strings.Join(s.stdout, "\n"), s.stderr)
	case <-time.After(Patience):
		_ = s.cmd.Process.Kill()
		<-s.exited
		s.cmd = nil
		s.t.Fatalf("serve is not ready after %s\nstderr: %s", Patience, s.stderr)
	}
	s.trust()
}

// trust makes the client trust the server's local CA.
func (s *Server) trust() {
	s.t.Helper()
	s.ca = x509.NewCertPool()
	if pem, err := os.ReadFile(s.CAFile()); err == nil {
		if !s.ca.AppendCertsFromPEM(pem) {
			s.t.Fatalf("%s holds no certificate", s.CAFile())
		}
	}
	s.transport = &http.Transport{TLSClientConfig: s.TLS(), MaxIdleConnsPerHost: 100}
	s.client = &http.Client{Transport: s.transport, Timeout: Patience,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	s.t.Cleanup(s.transport.CloseIdleConnections)
}

// CAFile returns the certificate file of the server's local CA.
func (s *Server) CAFile() string {
	return cmp.Or(s.trusted, filepath.Join(s.Data, "tls", "ca.pem"))
}

// TLS returns a client configuration that trusts the server.
func (s *Server) TLS() *tls.Config { return &tls.Config{RootCAs: s.ca} }

// Addr returns the server's host and port.
func (s *Server) Addr() string {
	u, err := url.Parse(s.URL)
	if err != nil {
		s.t.Fatal(err)
	}
	return u.Host
}

// Port returns the server's port.
func (s *Server) Port() string {
	_, port, _ := strings.Cut(s.Addr(), ":")
	return port
}

// KeepPort makes later starts listen on the same port, for clients that reconnect.
func (s *Server) KeepPort() { s.port = s.Port() }

// Stdout returns the output before the ready line.
func (s *Server) Stdout() []string { return s.stdout }

// Stderr returns the log so far.
func (s *Server) Stderr() string { return s.stderr.String() }

// PID returns the process id.
func (s *Server) PID() int { return s.cmd.Process.Pid }

// Exited returns a channel that is closed when the process has ended.
func (s *Server) Exited() <-chan struct{} { return s.exited }

// Signal sends the process a signal and does not wait.
func (s *Server) Signal(sig os.Signal) {
	s.t.Helper()
	if err := s.cmd.Process.Signal(sig); err != nil {
		s.t.Fatal(err)
	}
}

// Stop drains the server with SIGTERM and waits for a clean end.
func (s *Server) Stop() {
	s.t.Helper()
	s.Signal(syscall.SIGTERM)
	s.Stopped()
}

// Stopped waits for the clean end of a server that was sent a signal.
func (s *Server) Stopped() {
	s.t.Helper()
	if code := s.wait(); code != 0 {
		s.t.Errorf("serve ended with exit code %d\nstderr: %s", code, s.stderr)
	}
}

// Ended waits for the end of a server that was sent a signal, clean or not, and returns
// its exit code.
func (s *Server) Ended() int {
	s.t.Helper()
	return s.wait()
}

// Kill ends the process like a crash.
func (s *Server) Kill() {
	s.t.Helper()
	s.Signal(syscall.SIGKILL)
	s.wait()
}

// Freeze stops the process without ending it; Thaw continues it.
func (s *Server) Freeze() { s.t.Helper(); s.Signal(syscall.SIGSTOP) }

// Thaw ends a Freeze.
func (s *Server) Thaw() { s.t.Helper(); s.Signal(syscall.SIGCONT) }

func (s *Server) wait() int {
	s.t.Helper()
	select {
	case <-s.exited:
	case <-time.After(Patience):
		_ = s.cmd.Process.Signal(syscall.SIGQUIT) // its goroutines go to stderr
		<-s.exited
		s.t.Errorf("serve did not end within %s", Patience)
	}
	code := s.cmd.ProcessState.ExitCode()
	s.cmd = nil
	s.client.CloseIdleConnections()
	noRace(s.t, s.stderr.String())
	if strings.Contains(s.stderr.String(), Password) {
		s.t.Error("SEC-56: a password is in the log")
	}
	if s.t.Failed() {
		s.t.Logf("the server's log:\n%s", s.stderr)
	}
	return code
}

// Restart stops the server and starts it with the same data directory.
func (s *Server) Restart(options ...Option) {
	s.t.Helper()
	s.Stop()
	for _, o := range options {
		o(s)
	}
	s.Run()
}

// Logged returns the log lines so far that have the message.
func (s *Server) Logged(message string) []map[string]any {
	var found []map[string]any
	for line := range strings.Lines(s.Stderr()) {
		var entry map[string]any
		if json.Unmarshal([]byte(line), &entry) == nil && entry["msg"] == message {
			found = append(found, maps.Clone(entry))
		}
	}
	return found
}

// capture stores the output of a process.
type capture struct {
	mu sync.Mutex // guards b
	b  strings.Builder
}

func (c *capture) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.b.Write(p)
}

func (c *capture) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.b.String()
}
