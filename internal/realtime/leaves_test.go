package realtime

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"testing"

	"github.com/turnike/turnike/internal/session"
)

// lines keeps the messages that are logged.
type lines struct {
	slog.Handler
	mu   sync.Mutex // guards said
	said []string
}

func (l *lines) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelInfo }

func (l *lines) Handle(_ context.Context, r slog.Record) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.said = append(l.said, r.Message)
	return nil
}

func (l *lines) all() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.said)
}

// setDown makes the store refuse every change of a user, or accept them again.
func (g *gate) setDown(down bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.down = down
}

// crowd is a world in which ada is inside with many sockets, bob with one.
func crowd(t *testing.T, sockets int) (w *world, log *lines, ada []*peer, bob *peer) {
	t.Helper()
	log = &lines{Handler: slog.DiscardHandler}
	w = newWorld(t, func(s *setting) {
		s.rules.ConnsPerSession = 0
		s.log = log
	})
	_, raw := w.login("ada", "laptop")
	for range sockets {
		ada = append(ada, w.enter(raw))
	}
	_, raw = w.login("bob", "phone")
	return w, log, ada, w.enter(raw)
}

// TestI6_LeavesWait: while the store refuses writes, connections that close wait in
// one queue and cost two lines in the log; afterwards every seat is right.
func TestI6_LeavesWait(t *testing.T) {
	w, log, ada, bob := crowd(t, 40)
	w.gate.setDown(true)
	for _, p := range append(ada, bob) {
		p.conn.Close()
	}
	eventually(t, "every connection is gone", func() bool { return len(w.rt.sessions.of(1)) == 0 })
	eventually(t, "it is said", func() bool { return len(log.all()) > 0 })
	eventually(t, "all wait", func() bool { return w.rt.Stats().Leaves == 41 })
	if said := log.all(); len(said) != 1 {
		t.Errorf("%d lines while nothing can be stored: %q", len(said), said[:min(len(said), 3)])
	}
	eventually(t, "one goroutine tries again", func() bool {
		w.rt.tasks.mu.Lock()
		defer w.rt.tasks.mu.Unlock()
		return w.rt.tasks.n == 1
	})
	w.gate.setDown(false)
	eventually(t, "no seat is held", func() bool { return w.seat("ada") == session.Grace && w.seat("bob") == session.Grace })
	eventually(t, "none waits", func() bool { return !w.rt.leaves.working() })
	if said := log.all(); len(said) != 2 || w.rt.Stats().Leaves != 0 {
		t.Errorf("in the end %d wait, and the log says %q", w.rt.Stats().Leaves, said)
	}
}

// TestI6_LeavesThatDoNotFit: connections that did not fit into the queue are found by
// comparing the store with the open sockets, which stay inside.
func TestI6_LeavesThatDoNotFit(t *testing.T) {
	w, _, ada, bob := crowd(t, 12)
	w.rt.leaves.most = 3
	w.gate.setDown(true)
	for _, p := range ada[1:] {
		p.conn.Close()
	}
	bob.conn.Close()
	eventually(t, "the queue is full", func() bool {
		return w.rt.Stats().Leaves == 3 && len(w.rt.sessions.of(1)) == 1 && len(w.rt.sessions.connections()) == 1
	})
	w.gate.setDown(false)
	eventually(t, "none waits", func() bool { return !w.rt.leaves.working() })
	if ada, bob := w.seat("ada"), w.seat("bob"); ada != session.Held || bob != session.Grace {
		t.Errorf("the seats are %q and %q", ada, bob)
	}
	stored, err := w.store.Connections(t.Context())
	if err != nil || len(stored) != 1 || stored[0].ID != ada[0].sid {
		t.Errorf("connections %+v, %v", stored, err)
	}
	ada[0].send(`42["get_online_users"]`)
	ada[0].expect(eventOnlineUsers, `"users":["ada","bob"]`)
}
