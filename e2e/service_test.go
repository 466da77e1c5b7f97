package e2e

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/turnike/turnike/e2e/harness"
)

// TestServiceManager: the notifications to systemd, and a socket of systemd that stays
// open while the server restarts.
func TestServiceManager(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "notify")
	manager, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = manager.Close() }()
	told := said(manager)
	port, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = port.Close() }()
	s := harness.Start(t, harness.Env("NOTIFY_SOCKET="+name), harness.Env("WATCHDOG_USEC=200000"), harness.Opened(port))
	if s.Addr() != port.Addr().String() {
		t.Errorf("serves %s, want the socket %s", s.Addr(), port.Addr())
	}
	expect(t, told, "READY=1")
	expect(t, told, "WATCHDOG=1")
	expect(t, told, "WATCHDOG=1")
	ali := s.Login("ali")
	s.Stop()
	expect(t, told, "STOPPING=1")

	// While no server runs, connections are not refused: the request waits.
	answered := make(chan error, 1)
	b := s.Browser()
	b.Header["Authorization"] = "Bearer " + ali
	go func() {
		a, err := b.Try(harness.Request{Path: "/socket"})
		if err == nil && a.Status != 200 {
			err = fmt.Errorf("status %d", a.Status)
		}
		answered <- err
	}()
	s.Run()
	if err := <-answered; err != nil {
		t.Error(err)
	}
}

// said holds all notifications of the server. They are read at once, as systemd does,
// because the kernel buffers only ten messages.
func said(manager *net.UnixConn) <-chan string {
	messages := make(chan string, 1<<16)
	go func() { // ends when the test closes the socket
		defer close(messages)
		for b := make([]byte, 200); ; {
			n, err := manager.Read(b)
			if err != nil {
				return
			}
			messages <- string(b[:n])
		}
	}()
	return messages
}

// expect waits for a notification of the server.
func expect(t *testing.T, messages <-chan string, want string) {
	t.Helper()
	late := time.After(harness.Patience)
	for {
		select {
		case got := <-messages:
			if got == want {
				return
			}
		case <-late:
			t.Fatalf("the manager was never told %s", want)
		}
	}
}

// TestDrainDelay: a stopping server first reports that it drains and keeps serving, but
// accepts no new connection; then it closes all connections so that clients reconnect. A
// second signal ends it at once.
func TestDrainDelay(t *testing.T) {
	t.Parallel()
	s := harness.Start(t, harness.Set("server.drain_delay", "10m"))
	k := s.Socket(s.Login("ali"))
	k.Register()
	s.Signal(syscall.SIGTERM)
	b := s.Browser()
	harness.Eventually(t, "/readyz fails", func() bool { return b.Get("/readyz").Status == 503 })
	b.Get("/healthz").Want(200)
	late := s.Socket(s.Login("veli"))
	late.Emit("register_user", map[string]any{})
	late.SentAway(4100) // [S7]
	k.Barrier()
	s.Signal(syscall.SIGTERM)
	if code := s.Ended(); code == 0 {
		t.Error("the second signal was no hard end")
	}
	k.Gone()
	harness.Set("server.drain_delay", "1s")(s)
	s.Run()
	k = s.Socket(s.Login("ali"))
	k.Register()
	s.Signal(syscall.SIGTERM)
	k.SentAway(4100)
	s.Stopped()
}

// TestSEC65_Units: systemd reports no error in the units, and their exposure stays low.
func TestSEC65_Units(t *testing.T) {
	t.Parallel()
	analyze := harness.Program(t, "systemd-analyze")
	dir := t.TempDir()
	var units []string
	for _, name := range []string{"turnike.service", "turnike.socket"} {
		raw, err := os.ReadFile(filepath.Join("../deploy/systemd", name))
		if err != nil {
			t.Fatal(err)
		}
		unit := filepath.Join(dir, name)
		units = append(units, unit)
		text := strings.ReplaceAll(string(raw), "/usr/local/bin/turnike", harness.Binary())
		if err := os.WriteFile(unit, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	verify := exec.Command(analyze, append([]string{"verify"}, units...)...)
	verify.Env = append(os.Environ(), "SYSTEMD_UNIT_PATH="+dir+":")
	if out, err := verify.CombinedOutput(); err != nil || strings.Contains(string(out), dir) {
		t.Errorf("verify: %v\n%s", err, out)
	}
	out, err := exec.Command(analyze, "security", "--offline=true", "--threshold=20", units[0]).CombinedOutput()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok || err != nil {
		t.Errorf("exposure above 2.0: %v\n%s", exit, out)
	}
}
