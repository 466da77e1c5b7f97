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
	speaks bool // Socket.IO with the seed's events; otherwise a bare websocket
	slow   bool // so much that some sizes are smaller
	// start prepares and starts a server and returns its address; the process prints the
	// address itself when that is empty.
	start func(ctx context.Context, b *bench, s setting) (*server, error)
	// missing returns an error that names a missing requirement, or nil.
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
	data    string                                                                  // its data directory, removed at the end
	tells   bool                                                                    // supports the announce signal
	again   func(ctx context.Context) error                                         // restarts it with the same address and data
	metrics string                                                                  // address of its metrics; empty without them
	operate func(ctx context.Context, stdin string, args ...string) ([]byte, error) // runs a command; nil without a command line
}

// userName returns the name of a user by number.
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

// stop kills the process; its data is no longer needed.
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

// restart stops the process like an operator and starts it with the same data.
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

// announce makes a silent server send presence from now on.
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

// cpu returns the CPU time used by the process: the clock behind utime and stime of
// /proc/PID/stat, which are cut to 10 ms (clock_getcpuclockid(3)).
func (s *server) cpu() (time.Duration, error) {
	var t unix.Timespec
	const scheduled = 2 // CPUCLOCK_SCHED
	if err := unix.ClockGettime(int32(^s.cmd.Process.Pid)<<3|scheduled, &t); err != nil {
		return 0, fmt.Errorf("CPU time of %s: %w", s.peer.name, err)
	}
	return time.Duration(t.Nano()), nil
}

// cpu returns the CPU time that the server uses while f runs and until no more messages
// arrive.
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

// enough returns a function that reports whether the server has used enough CPU time
// since now for a reliable figure.
func (f *figure) enough() func() bool {
	before, err := f.server.cpu()
	return func() bool {
		now, later := f.server.cpu()
		return err == nil && later == nil && (now-before).Seconds() > f.sizes.enoughCPU
	}
}

// freePort returns a port that is free now.
func freePort() (string, error) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	return port, errors.Join(err, l.Close())
}

// tail keeps the end of the data written to it. Read it only after the writer has ended.
type tail struct{ b []byte }

// Write implements io.Writer.
func (t *tail) Write(p []byte) (int, error) {
	const most = 4096
	t.b = append(t.b, p...)
	t.b = t.b[max(0, len(t.b)-most):]
	return len(p), nil
}

func (t *tail) String() string { return string(t.b) }
