package realtime

import (
	"strings"
	"testing"

	"github.com/turnike/turnike/internal/presence"
)

// The events of package presence, as tests read them.
const (
	eventUserStatus   = presence.EventUserStatus
	eventSlots        = presence.EventSlots
	eventOnlineUsers  = presence.EventOnlineUsers
	eventPresenceSync = presence.EventPresenceSync
)

// TestP3_Joiners: a client that joins gets every change after its snapshot, in order
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
				var s struct {
					Username string
					Seq      int64
				}
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
