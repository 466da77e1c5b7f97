package realtime

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/turnike/turnike/internal/session"
)

// TestI7_SeatsCannotBeRead: while the seats cannot be read a hub keeps no events,
// and afterwards nothing is missing.
func TestI7_SeatsCannotBeRead(t *testing.T) {
	var broken atomic.Bool
	var w *world
	w = newWorld(t, func(s *setting) {
		s.cfg.Snapshot = func(ctx context.Context, id session.PoolID) (Snapshot, error) {
			if broken.Load() {
				return Snapshot{}, errors.New("input/output error")
			}
			return w.snapshot(ctx, id)
		}
	})
	_, raw := w.login("ada", "laptop")
	ada := w.enter(raw)
	broken.Store(true)
	w.rt.Commit([]session.Event{{Pool: 1, Type: session.LogLost}}) // so that they must be
	_, raw = w.login("bob", "phone")
	bob := w.connect(raw)
	bob.send(`42["register_user",{}]`)
	for range 20 {
		w.login("eve", "tablet")
	}
	ada.send(`420["get_online_users"]`)
	if got, want := ada.read(), `430[{"ok":false,"code":"store_unavailable"`; len(got) < len(want) || got[:len(want)] != want {
		t.Errorf("got %s", got)
	}
	hub := w.rt.pool(1)
	eventually(t, "no event is kept", func() bool {
		hub.mu.Lock()
		defer hub.mu.Unlock()
		return len(hub.queue) <= 1
	})
	broken.Store(false)
	bob.expect(eventResponse, `"ok":true`)
	ada.expect(eventPresenceSync, `"username":"ada"`)
	bob.expect(eventPresenceSync, `"username":"bob"`)
	_, raw = w.login("root", "desk")
	w.enter(raw)
	_, raw = w.login("eve", "tablet")
	w.enter(raw)
	bob.expect(eventUserStatus, `"username":"eve"`, `"status":"online"`)
}

// TestP3_Joiners: whoever joins gets every change after its snapshot, in order
// and without a gap, whatever happens at the same moment.
func TestP3_Joiners(t *testing.T) {
	w := newWorld(t, func(s *setting) { s.cfg.Limits, s.rules.ConnsPerSession = Limits{}, 0 })
	_, bobs := w.login("bob", "phone")
	_, adas := w.login("ada", "laptop")
	var inside []*peer
	for range 20 {
		p := w.connect(bobs) // comes and goes
		p.send(`42["register_user",{}]`)
		p.send("41")
		p = w.connect(adas)
		p.send(`42["register_user",{}]`)
		inside = append(inside, p)
	}
	_, eves := w.login("eve", "tablet")
	w.enter(eves)
	for _, p := range inside {
		seq := int64(-1)
		for fin := false; !fin; {
			switch name, body := p.event(); name {
			case eventPresenceSync:
				var s struct{ Seq int64 }
				decode(t, body, &s)
				seq = s.Seq
				fin = strings.Contains(body, `"username":"eve"`)
			case eventUserStatus:
				var s userStatus
				decode(t, body, &s)
				if s.Seq != seq+1 {
					t.Fatalf("%d follows %d", s.Seq, seq)
				}
				seq = s.Seq
				fin = s.Username == "eve"
			}
		}
	}
}
