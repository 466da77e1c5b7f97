package main

import (
	"fmt"
	"net"
	"os"
	"strings"
	"testing"
)

// TestTakenPort: a port that is taken is reported with its key, who has it, and how
// to choose another one.
func TestTakenPort(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	taken := l.Addr().String()
	owner := "another program"
	if name, err := os.ReadFile("/proc/self/comm"); err == nil {
		owner = fmt.Sprintf("%s (process %d)", strings.TrimSpace(string(name)), os.Getpid())
	}
	s := newShell(t)
	s.env = append(s.env, "TURNIKE_METRICS_LISTEN="+taken)
	for _, c := range []struct{ listen, want string }{
		{taken, "turnike: server.listen: " + taken + " is taken by " + owner + "; stop that, or choose another port with --listen\n"},
		{"127.0.0.1:0", "turnike: metrics.listen: " + taken + " is taken by " + owner + "; stop that, or choose another port with TURNIKE_METRICS_LISTEN\n"},
	} {
		if r := s.run("", "serve", "--listen", c.listen); r.code != exitFailed || !strings.HasSuffix(r.errout, c.want) {
			t.Errorf("exit code %d: %q, want %q", r.code, r.errout, c.want)
		}
	}
}
