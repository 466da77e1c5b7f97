package realtime

import (
	"strings"
	"testing"

	"github.com/turnike/turnike/internal/session"
)

// full is a pool whose one seat ada holds, for every visibility.
func full(t *testing.T, visibility session.Visibility) (w *world, ada *peer) {
	w = newWorld(t, func(s *setting) { s.limit, s.cfg.Visibility = 1, visibility })
	_, raw := w.login("ada", "laptop")
	return w, w.enter(raw)
}

// TestS9_RefusedHearsOfSeats: a client that was refused a seat hears at once when one
// is free, whatever the pool shows of its users [P5], and hears nothing else.
func TestS9_RefusedHearsOfSeats(t *testing.T) {
	for _, visibility := range []session.Visibility{session.VisibilityNames, session.VisibilityCount, session.VisibilityNone} {
		t.Run(string(visibility), func(t *testing.T) {
			w, ada := full(t, visibility)
			_, raw := w.login("bob", "phone")
			bob := w.connect(raw)
			bob.send(`42["register_user",{}]`)
			bob.expect(eventResponse, codeSeatLimit)
			ada.send("41")
			if name, body := bob.event(); name != eventSlots || !strings.Contains(body, `"max":1,"used":0,"available":1`) {
				t.Fatalf("bob was told %s %s", name, body)
			}
			bob.register()
		})
	}
}

// TestS9_RefusedTooLate: a seat that was freed before the refusal was sent is not
// missed.
func TestS9_RefusedTooLate(t *testing.T) {
	w, ada := full(t, session.VisibilityNames)
	_, raw := w.login("bob", "phone")
	bob := w.connect(raw)
	bob.send(`42["register_user",{}]`)
	bob.expect(eventResponse, codeSeatLimit)
	ada.send("41")
	bob.expect(eventSlots, `"used":0`)
	_, raw = w.login("eve", "tablet")
	eve := w.connect(raw)
	eve.send(`42["connection_slots"]`) // asks without taking one
	eve.expect(eventSlots, `"used":0,"available":1`)
	bob.register()
	eve.expect(eventSlots, `"used":1,"available":0`)
}

// TestS9_Watching: a client that asks how full the pool is may wait as long as it
// likes, and takes no seat.
func TestS9_Watching(t *testing.T) {
	w, ada := full(t, session.VisibilityNames)
	s, raw := w.login("bob", "phone")
	bob := w.connect(raw)
	bob.send(`421["connection_slots"]`)
	if got := bob.read(); !strings.HasPrefix(got, `431[{"pool":"default","max":1,"used":1,"available":0,`) {
		t.Fatalf("acknowledged with %s", got)
	}
	bob.expect(eventSlots, `"used":1,"available":0`)
	bob.send(`42["connection_slots"]`)
	bob.expect(eventResponse, codeEventRateLimited)
	w.rt.sessions.mu.Lock()
	c := w.rt.sessions.live[s.ID].clients[0]
	w.rt.sessions.mu.Unlock()
	c.mu.Lock()
	if c.timer != nil || c.registered.Load() {
		t.Error("the time to register runs")
	}
	c.mu.Unlock()
	ada.send("41")
	bob.expect(eventSlots, `"used":0,"available":1`)
	if got := w.seat("bob"); got != "" {
		t.Errorf("bob's seat is %q", got)
	}
	bob.conn.Close()
	eventually(t, "bob has gone", func() bool { return w.rt.Connections() == 1 })
}
