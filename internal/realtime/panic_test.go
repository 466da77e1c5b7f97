package realtime

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/turnike/turnike/internal/session"
)

// TestSEC40_Hub: a panic in a pool's hub ends neither the process nor the pool.
// Who was about to join comes back, who was inside gets the whole state again.
func TestSEC40_Hub(t *testing.T) {
	var fail atomic.Bool
	var w *world
	w = newWorld(t, func(s *setting) {
		s.cfg.Snapshot = func(ctx context.Context, id session.PoolID) (Snapshot, error) {
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
	_, raw = w.login("bob", "phone")
	w.enter(raw)
	ada.expect(eventPresenceSync, `"username":"ada"`)
	if n := w.rt.Stats().Panics; n != 2 {
		t.Errorf("%d panics are counted, want 2", n)
	}
}
