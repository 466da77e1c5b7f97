package realtime

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/turnike/turnike/internal/presence"
	"github.com/turnike/turnike/internal/session"
)

// TestSEC40_Hub: a panic in a pool's hub ends neither the process nor the pool.
// A client that was about to join is closed; members get the whole state again.
func TestSEC40_Hub(t *testing.T) {
	var fail atomic.Bool
	var w *world
	w = newWorld(t, func(s *setting) {
		s.cfg.Snapshot = func(ctx context.Context, id session.PoolID) (presence.Snapshot, error) {
			if fail.Swap(false) {
				panic("a defect")
			}
			return w.snapshot(ctx, id)
		}
	})
	fail.Store(true)
	_, raw := w.login("ada", "laptop")
	unlucky := w.connect(raw)
	unlucky.send(`42["register_user",{}]`)
	if got := unlucky.read(); got != "close 1011" {
		t.Fatalf("got %q, want a close", got)
	}
	ada := w.enter(raw)

	fail.Store(true) // when the log is lost, the seats are read again
	w.rt.Commit([]session.Event{{Pool: 1, Type: session.LogLost}})
	eventually(t, "the panic", func() bool { return w.rt.Stats().Panics == 2 })
	_, raw = w.login("bob", "phone") // only now, so that bob is not about to join when the hub panics
	w.enter(raw)
	ada.expect(eventPresenceSync, `"username":"ada"`)
	if n := w.rt.Stats().Panics; n != 2 {
		t.Errorf("%d panics are counted, want 2", n)
	}
}

// traps is a listener whose connections panic where a test wants it, as a defect
// in a decoder or in a writer would.
type traps struct {
	net.Listener
	mu    sync.Mutex // guards conns
	conns map[string]*trap
}

type trap struct {
	net.Conn
	read, write atomic.Bool
}

func (l *traps) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	t := &trap{Conn: c}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.conns[c.RemoteAddr().String()] = t
	return t, nil
}

// of is the server's side of a client's connection.
func (l *traps) of(p *peer) *trap {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.conns[p.conn.LocalAddr().String()]
}

func (t *trap) Read(p []byte) (int, error) {
	n, err := t.Conn.Read(p)
	if t.read.Swap(false) {
		panic("a defect in the decoder")
	}
	return n, err
}

func (t *trap) Write(p []byte) (int, error) {
	if t.write.Swap(false) {
		panic("a defect in the writer")
	}
	return t.Conn.Write(p)
}

// TestSEC40_SeatIsFreed: a panic in the handler, the decoder or the writer of a
// connection frees its seat at once and disturbs no other connection.
func TestSEC40_SeatIsFreed(t *testing.T) {
	l := &traps{conns: make(map[string]*trap)}
	w := newWorld(t, func(s *setting) {
		s.rules.Grace, s.limit = 0, 2
		s.wrap = func(below net.Listener) net.Listener { l.Listener = below; return l }
	})
	_, raw := w.login("bob", "phone")
	bob := w.enter(raw)
	_, raw = w.login("ada", "laptop")
	for _, c := range []struct {
		where string
		spoil func(ada *peer)
	}{
		{"handler", func(ada *peer) {
			w.gate.mu.Lock()
			w.gate.before = func(string) bool {
				w.gate.mu.Lock()
				w.gate.before = nil
				w.gate.mu.Unlock()
				panic("a defect in a handler")
			}
			w.gate.mu.Unlock()
			ada.send(`42["register_user",{}]`)
		}},
		{"decoder", func(ada *peer) {
			l.of(ada).read.Store(true)
			ada.send(`42["ping_manual"]`)
		}},
		{"writer", func(ada *peer) {
			l.of(ada).write.Store(true)
			ada.send(`42["ping_manual"]`)
		}},
	} {
		ada := w.enter(raw)
		bob.expect(eventUserStatus, `"username":"ada"`, `"status":"online"`)
		c.spoil(ada)
		bob.expect(eventUserStatus, `"username":"ada"`, `"status":"offline"`, `"reason":"lost"`)
		if got := w.seat("ada"); got != "" {
			t.Errorf("%s: the seat is %s", c.where, got)
		}
		bob.send(`42["ping_manual",1]`)
		bob.expect(eventPong, `"echo":1`)
	}
}
