package harness

import (
	"bufio"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"syscall"
	"testing"
)

// clientVariable makes a test binary run as a client process.
const clientVariable = "TURNIKE_E2E_CLIENT"

// clientSpec is the configuration of a client process.
type clientSpec struct{ URL, CA, Token string }

// Client is a client in its own process, which can be stopped and killed like a real
// one.
type Client struct {
	cmd *exec.Cmd
}

// Client starts a client process and returns after it has registered.
func (s *Server) Client(token string) *Client {
	s.t.Helper()
	spec, err := json.Marshal(clientSpec{s.URL, s.CAFile(), token})
	if err != nil {
		s.t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		s.t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(environment(), clientVariable+"="+string(spec))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	c := &Client{cmd}
	s.t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }) // errors mean that it has already ended
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || line != "registered\n" {
		s.t.Fatalf("client process: %q, %v", line, err)
	}
	return c
}

// Freeze stops the process like a suspended laptop.
func (c *Client) Freeze(t testing.TB) { c.signal(t, syscall.SIGSTOP) }

// Thaw continues the process after Freeze.
func (c *Client) Thaw(t testing.TB) { c.signal(t, syscall.SIGCONT) }

// Kill kills the process.
func (c *Client) Kill(t testing.TB) { c.signal(t, syscall.SIGKILL) }

func (c *Client) signal(t testing.TB, sig syscall.Signal) {
	t.Helper()
	if err := c.cmd.Process.Signal(sig); err != nil {
		t.Fatal(err)
	}
}

// clientMain connects, registers, reports this, and runs until it is killed.
func clientMain(spec string) int {
	var c clientSpec
	if err := json.Unmarshal([]byte(spec), &c); err != nil {
		return fail(err)
	}
	pem, err := os.ReadFile(c.CA)
	if err != nil {
		return fail(err)
	}
	s := &Server{URL: c.URL, ca: x509.NewCertPool()}
	s.ca.AppendCertsFromPEM(pem)
	s.client = &http.Client{Transport: &http.Transport{TLSClientConfig: s.TLS()}}
	k, err := s.open(Dial{Token: c.Token})
	if err != nil {
		return fail(err)
	}
	if err := k.connect(); err != nil {
		return fail(err)
	}
	if _, err := k.next(func(p Packet) bool { return p.Kind == Connected }, true); err != nil {
		return fail(err)
	}
	if err := k.write(`420["register_user",{}]`); err != nil {
		return fail(err)
	}
	if _, err := k.next(IsEvent("presence_sync"), true); err != nil {
		return fail(err)
	}
	fmt.Println("registered")
	<-k.done
	return 0
}
