package realtime

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/turnike/turnike/internal/session"
)

// TestI6_ReplacedWhileRegisteringAgain: a connection that repeats register_user
// while a newer one replaces it must not leave a seat that no connection holds.
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

// TestI7_LostWhileConnecting: a connection that closes before its CONNECT is answered
// leaves nothing behind.
func TestI7_LostWhileConnecting(t *testing.T) {
	w := newWorld(t)
	_, raw := w.login("ada", "laptop")
	p := w.dial(nil)
	bound, release := make(chan struct{}), make(chan struct{})
	w.gate.mu.Lock()
	calls := 0
	w.gate.reads = func() {
		switch calls++; calls {
		case 1:
			w.rt.Commit([]session.Event{{Type: session.SessionEnded, Session: "another"}}) // it ends meanwhile
		case 2: // bound to its session, and looked at again
			close(bound)
			<-release
		}
	}
	w.gate.mu.Unlock()
	p.send(`40{"token":"` + raw + `"}`)
	<-bound
	p.conn.Close()
	eventually(t, "the connection is gone", func() bool { return w.rt.io.Engine().Len() == 0 })
	close(release)
	eventually(t, "the session has no record", func() bool {
		w.rt.sessions.mu.Lock()
		defer w.rt.sessions.mu.Unlock()
		return len(w.rt.sessions.live) == 0
	})
}

// TestI2_EndedWhileConnecting: an end that is committed after a CONNECT has found
// its session live, and before the connection is bound to it, ends the connection too.
func TestI2_EndedWhileConnecting(t *testing.T) {
	w := newWorld(t)
	s, raw := w.login("ada", "laptop")
	w.gate.mu.Lock()
	w.gate.read = sync.OnceFunc(func() {
		_, err := w.core.End(context.Background(), session.ByCLI("test"), session.Ending{User: s.User, Session: s.ID, Code: session.EndedByAdmin})
		must(t, err)
	})
	w.gate.mu.Unlock()
	p := w.dial(nil)
	p.send(`40{"token":"` + raw + `"}`)
	if got := p.read(); !strings.HasPrefix(got, `44{"message"`) || !strings.Contains(got, string(session.EndedByAdmin)) {
		t.Errorf("got %q", got)
	}
}

// TestS7_BusyStore: no client is refused because too many register at once.
func TestS7_BusyStore(t *testing.T) {
	w := newWorld(t)
	_, raw := w.login("ada", "laptop")
	p := w.connect(raw)
	w.gate.mu.Lock()
	w.gate.busy = 3
	w.gate.mu.Unlock()
	p.register()
}

// TestS1_LeavesAndComesBack: a client that leaves and connects again on the same
// connection is not ended by what it did before.
func TestS1_LeavesAndComesBack(t *testing.T) {
	w := newWorld(t)
	_, raw := w.login("ada", "laptop")
	p := w.enter(raw)
	arrived, release := w.gate.hold(w.user("ada").ID)
	defer release()
	p.send(`42["register_user",{}]`)
	<-arrived // it will be a while until its leaving is handled
	p.send("41")
	p.join(raw)
	p.register()
	p.send(`42["get_online_users"]`)
	p.expect(eventOnlineUsers, `"users":["ada"]`)
	if got := w.seat("ada"); got != session.Held {
		t.Errorf("the seat is %q", got)
	}
}

// TestA5_RotatedWhileRegistering: the sockets of a rotated session stay open and hear
// nothing, even while they register.
func TestA5_RotatedWhileRegistering(t *testing.T) {
	w := newWorld(t)
	_, raw := w.login("ada", "laptop")
	p := w.connect(raw)
	arrived, release := w.gate.hold(w.user("ada").ID)
	p.send(`42["register_user",{}]`)
	<-arrived
	next, _ := w.login("ada", "laptop")
	release()
	p.expect(eventResponse, `"ok":true`)
	p.expect(eventPresenceSync, `"username":"ada"`, `"connections":1`)
	if rows, err := w.store.Sessions(t.Context()); err != nil || len(rows) != 1 || rows[0].ID != next.ID || !rows[0].Connected {
		t.Errorf("sessions %+v, %v", rows, err)
	}
}

// TestS1_TabsThatShare: only a connection that replaces another counts as a
// replacement.
func TestS1_TabsThatShare(t *testing.T) {
	for most, fits := range map[int]int{0: 8, 3: 3, 1: 1} {
		w := newWorld(t, func(s *setting) { s.rules.ConnsPerSession = most })
		_, raw := w.login("ada", "laptop")
		for range fits + 5*min(most, 1) {
			w.enter(raw)
		}
		if most == 0 {
			continue
		}
		p := w.connect(raw)
		p.send(`42["register_user",{}]`)
		p.expect(eventResponse, codeRateLimited)
		p.ended(eventConnectionEnded, codeRateLimited, 4013)
	}
}

// TestS1_GoesOnFighting: a client that reconnects again and again although its
// registrations are refused is refused at CONNECT, as long as the winner is inside.
func TestS1_GoesOnFighting(t *testing.T) {
	w := newWorld(t)
	_, raw := w.login("ada", "laptop")
	var winner *peer
	for range 1 + replaceMax {
		winner = w.enter(raw)
	}
	for range replaceMax {
		p := w.connect(raw)
		p.send(`42["register_user",{}]`)
		p.expect(eventResponse, codeRateLimited)
		p.ended(eventConnectionEnded, codeRateLimited, 4013)
	}
	p := w.dial(nil)
	p.send(fmt.Sprintf(`40{"token":%q}`, raw))
	if got := p.read(); !strings.HasPrefix(got, "44{") || !strings.Contains(got, `"data":{"code":"rate_limited","retry":false,"retry_after":10}`) {
		t.Errorf("CONNECT was answered %s", got)
	}
	winner.send("41") // it leaves by itself, so there is no connection to replace
	eventually(t, "it has left", func() bool { return w.seat("ada") == "" })
	w.enter(raw)
}

// TestI2_EndsThatWereLost: the sockets of a session are ended even if its end was
// pruned from the log before it was read.
func TestI2_EndsThatWereLost(t *testing.T) {
	w := newWorld(t)
	s, raw := w.login("ada", "laptop")
	ada := w.enter(raw)
	_, raw = w.login("bob", "phone")
	bob := w.enter(raw)
	must(t, w.store.Listen("server", func([]session.Event) {})) // this server hears nothing
	_, err := w.core.End(t.Context(), session.ByCLI("test"), session.Ending{User: s.User, Session: s.ID, Code: session.EndedByAdmin, Reason: "enough"})
	must(t, err)
	must(t, w.store.Listen("server", w.rt.Commit))
	w.rt.Commit([]session.Event{{Pool: 1, Type: session.LogLost}})
	ada.ended(eventSessionEnded, string(session.EndedByAdmin), 4002)
	bob.expect(eventPresenceSync, `"username":"bob"`, `"count":1`)
	bob.send(`42["get_online_users"]`)
	bob.expect(eventOnlineUsers, `"users":["bob"]`)
}
