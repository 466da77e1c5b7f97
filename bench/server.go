package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// peer is one kind of server.
type peer struct {
	name   string
	title  string
	speaks bool // Socket.IO with the seed's events; else it is a bare websocket
	slow   bool // so much that some sizes are smaller
	// start prepares and starts a server, and says where it will listen; the
	// process prints the address itself when that is empty.
	start func(ctx context.Context, b *bench, s setting) (*server, error)
	// missing says what it needs that is not installed; nil where nothing is.
	missing func(b *bench) error
}

func allPeers() []*peer {
	return []*peer{turnike(), nodePeer(), flaskPeer(), floorPeer()}
}

// server is a running server.
type server struct {
	peer    *peer
	cmd     *exec.Cmd
	stderr  *tail
	exited  chan struct{}
	addr    string
	token   func(user int) string
	data    string                                                                  // its own directory, removed at the end
	tells   bool                                                                    // announce is a signal it knows
	again   func(ctx context.Context) error                                         // starts it anew: the same address, the same data
	metrics string                                                                  // address of its own figures; empty where it has none
	operate func(ctx context.Context, stdin string, args ...string) ([]byte, error) // its command line; nil where there is none
}

// userName is the name of a user by number.
func userName(user int) string { return fmt.Sprintf("u%06d", user) }

// launch starts the process. Its stdout is the caller's, its stderr is kept for
// errors.
func (s *server) launch(cmd *exec.Cmd) error {
	exited := make(chan struct{})
	s.cmd, s.stderr, s.exited = cmd, &tail{}, exited
	cmd.Stderr = s.stderr
	if err := cmd.Start(); err != nil {
		return err
	}
	go func() { // ends with the process
		_ = cmd.Wait() // killed, as a rule
		close(exited)
	}()
	return nil
}

// reachable waits until TLS answers at the address.
func (s *server) reachable(ctx context.Context, config *tls.Config) error {
	for {
		conn, err := (&tls.Dialer{Config: config}).DialContext(ctx, "tcp4", s.addr)
		if err == nil {
			return conn.Close()
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-s.exited:
			return s.died()
		case <-ctx.Done():
			return fmt.Errorf("%s is not reachable: %w", s.peer.name, err)
		}
	}
}

func (s *server) died() error {
	return fmt.Errorf("%s ended: %s", s.peer.name, strings.TrimSpace(s.stderr.String()))
}

// stop kills the process: what it had is of no use any more.
func (s *server) stop() error {
	var err error
	if s.cmd != nil && s.cmd.Process != nil {
		if err = s.cmd.Process.Kill(); errors.Is(err, os.ErrProcessDone) {
			err = nil
		}
		<-s.exited
	}
	if s.data != "" {
		err = errors.Join(err, os.RemoveAll(s.data))
	}
	return err
}

// restart ends the process as an operator does, and starts it on what it left.
func (s *server) restart(ctx context.Context) error {
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	select {
	case <-s.exited:
		return s.again(ctx)
	case <-ctx.Done():
		return fmt.Errorf("%s does not end: %w", s.peer.name, ctx.Err())
	}
}

// announce lets a silent server tell everybody what happens from now on.
func (s *server) announce() error {
	if !s.tells {
		return nil
	}
	return s.cmd.Process.Signal(syscall.SIGUSR2)
}

// endSession ends a user's session as an operator does.
func (s *server) endSession(ctx context.Context, user int) error {
	_, err := s.operate(ctx, "", "session", "end", "--user", userName(user))
	return err
}

// cpu is the CPU time that the process has used: the clock behind utime and
// stime of /proc/PID/stat, which are cut to 10 ms (clock_getcpuclockid(3)).
func (s *server) cpu() (time.Duration, error) {
	var t unix.Timespec
	const scheduled = 2 // CPUCLOCK_SCHED
	if err := unix.ClockGettime(int32(^s.cmd.Process.Pid)<<3|scheduled, &t); err != nil {
		return 0, fmt.Errorf("CPU time of %s: %w", s.peer.name, err)
	}
	return time.Duration(t.Nano()), nil
}

// cpu is what the server spends while f runs, and until nothing arrives any
// more.
func (f *figure) cpu(ctx context.Context, work func() error) (time.Duration, error) {
	before, err := f.server.cpu()
	if err != nil {
		return 0, err
	}
	if err := work(); err != nil {
		return 0, err
	}
	if err := f.crowd.settle(ctx); err != nil {
		return 0, err
	}
	after, err := f.server.cpu()
	return after - before, err
}

// enough tells, from now on, when the server has worked for so long that more of
// the same would say nothing new.
func (f *figure) enough() func() bool {
	before, err := f.server.cpu()
	return func() bool {
		now, later := f.server.cpu()
		return err == nil && later == nil && (now-before).Seconds() > f.sizes.enoughCPU
	}
}

// freePort is a port that nobody listens on now.
func freePort() (string, error) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	return port, errors.Join(err, l.Close())
}

// tail keeps the last that was written to it. It is read when the writer is
// gone.
type tail struct{ b []byte }

// Write implements io.Writer.
func (t *tail) Write(p []byte) (int, error) {
	const most = 4096
	t.b = append(t.b, p...)
	t.b = t.b[max(0, len(t.b)-most):]
	return len(p), nil
}

func (t *tail) String() string { return string(t.b) }
