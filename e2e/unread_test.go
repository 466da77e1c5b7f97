//go:build unix

package e2e

import (
	"bufio"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/turnike/turnike/e2e/harness"
)

// fullPipe returns a pipe that is full until it is read.
func fullPipe(t *testing.T) (r, w *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(r.Close(), w.Close()); err != nil {
			t.Error(err)
		}
	})
	fill(t, w)
	return r, w
}

// fill writes to a pipe until it is full.
func fill(t *testing.T, w *os.File) {
	t.Helper()
	for _, size := range []int{4096, 1} {
		for err := error(nil); err == nil; {
			if err = w.SetWriteDeadline(time.Now().Add(50 * time.Millisecond)); err == nil {
				_, err = w.Write(append(make([]byte, size-1), '\n'))
			}
			if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Fatal(err)
			}
		}
	}
	if err := w.SetWriteDeadline(time.Time{}); err != nil {
		t.Fatal(err)
	}
}

// TestI5_UnreadLog: a server whose log is not read answers every login, drains at
// SIGTERM, and ends. When the log is read later, the lines are there.
func TestI5_UnreadLog(t *testing.T) {
	t.Parallel()
	r, w := fullPipe(t)
	s := harness.Start(t, harness.Stderr(w), harness.Set("log.access", "stderr"), harness.Set("ratelimit.enabled", "false"))
	inside := s.Socket(s.Login("ali"))
	inside.Register()
	for range 400 {
		s.Browser().TryLogin("ali", "a wrong password").Problem(401, "invalid_credentials")
	}
	inside.Barrier()

	seen := make(chan int)
	go func() { // read the log again
		n := 0
		for lines := bufio.NewScanner(r); lines.Scan(); {
			var l struct{ Msg string }
			if json.Unmarshal(lines.Bytes(), &l) == nil && l.Msg == "login refused" {
				if n++; n == 400 {
					seen <- n
				}
			}
		}
	}()
	<-seen
	s.Signal(syscall.SIGTERM)
	inside.SentAway(4100)
	s.Stopped()
}

// TestI5_UnreadLogDrains: SIGTERM drains and ends a server whose log is not read.
func TestI5_UnreadLogDrains(t *testing.T) {
	t.Parallel()
	_, w := fullPipe(t)
	s := harness.Start(t, harness.Stderr(w))
	inside := s.Socket(s.Login("ali"))
	inside.Register()
	s.Signal(syscall.SIGTERM)
	inside.SentAway(4100)
	s.Stopped()
	if p := s.Pool("default"); p.Used != 1 { // the drain kept the seat [S7]
		t.Errorf("%+v", p)
	}
}

// TestI5_UnreadLogSecondSignal: a second signal ends the process at once.
func TestI5_UnreadLogSecondSignal(t *testing.T) {
	t.Parallel()
	_, w := fullPipe(t)
	s := harness.Start(t, harness.Stderr(w), harness.Set("server.drain_delay", "10m"))
	s.Signal(syscall.SIGTERM)
	harness.Eventually(t, "the drain", func() bool { return s.Browser().Get("/readyz").Status == 503 })
	s.Signal(syscall.SIGTERM)
	if code := s.Ended(); code != -1 {
		t.Errorf("exit code %d, want the end by the signal", code)
	}
}

// TestI5_UnreadLogCrash: a process that crashes does not wait until its last output is
// read.
func TestI5_UnreadLogCrash(t *testing.T) {
	t.Parallel()
	_, w := fullPipe(t)
	s := harness.Start(t, harness.Stderr(w))
	s.Signal(syscall.SIGQUIT) // the runtime prints what it prints at a panic
	if code := s.Ended(); code != 2 {
		t.Errorf("exit code %d", code)
	}
}

// TestI5_UnreadLogBadStart: a start that fails does not wait until its output is read.
func TestI5_UnreadLogBadStart(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{"configuration": {"--seat-limit", "none"}, "address": {"--listen", "256.0.0.1:1"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, w := fullPipe(t)
			all := append([]string{"serve", "--data", filepath.Join(t.TempDir(), "data")}, args...)
			if r := (harness.Command{Args: all, Stderr: w}).Run(t); r.Code != 1 {
				t.Errorf("exit code %d", r.Code)
			}
		})
	}
}

// TestI5_UnreadAccessLog: an access log on a pipe that is not read delays no request, no
// reload and no shutdown; it continues when the pipe is read.
func TestI5_UnreadAccessLog(t *testing.T) {
	t.Parallel()
	fifo := filepath.Join(t.TempDir(), "access")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	s := harness.Start(t, harness.Set("log.access", fifo))
	const ours, lost = "/version", "lines were left out of the log"
	for range 500 { // more than a pipe takes
		s.Browser().Get("/version").Want(200)
	}
	s.Signal(syscall.SIGHUP)
	harness.Eventually(t, "the reload", func() bool { return len(s.Logged("access log reopened")) > 0 })
	for i := range 500 {
		s.Browser().Get("/version?n=" + strconv.Itoa(i)).Want(200)
	}
	r, err := os.OpenFile(fifo, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(r)
	for n := 0; n < 900 && lines.Scan(); n++ {
		var l accessLine
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil || l.Route != ours && l.Msg != lost { // the reload may cut one off
			t.Fatalf("%v: %s", err, lines.Text())
		}
	}
	if err := errors.Join(lines.Err(), r.Close()); err != nil {
		t.Fatal(err)
	}
	s.Stop()
}
