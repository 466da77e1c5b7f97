package realtime

import (
	"testing"

	"github.com/turnike/turnike/internal/session"
)

// TestI6_ReplacedWhileRegisteringAgain: a connection that repeats register_user
// while a newer one replaces it must not leave a seat held by nobody.
func TestI6_ReplacedWhileRegisteringAgain(t *testing.T) {
	w := newWorld(t)
	_, raw := w.login("ada", "laptop")
	old := w.enter(raw)
	newer := w.connect(raw)

	arrived, release := w.gate.hold(w.user("ada").ID)
	old.send(`42["register_user",{}]`)
	<-arrived // in its handler, on the way to the store
	newer.register()
	old.ended(eventConnectionEnded, codeConnectionReplaced, 4009)
	release()
	newer.conn.Close()
	eventually(t, "the seat is not held any more", func() bool { return w.seat("ada") == session.Grace })
}
