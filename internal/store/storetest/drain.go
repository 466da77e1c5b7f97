package storetest

import (
	"errors"
	"runtime"
	"testing"
	"time"

	"github.com/turnike/turnike/internal/session"
)

// testDrain: during a drain no seat is freed or given away.
func testDrain(t *testing.T, b Backend) {
	s := b.Open(t)
	drained(t, s, s)
}

// testDrainBeside: a command beside a draining server frees no seat either.
func testDrainBeside(t *testing.T, b Backend) {
	server := b.Open(t)
	drained(t, server, b.Open(t))
}

// drained drains one store and checks what the core of the other does then.
func drained(t *testing.T, server, other Store) {
	t.Helper()
	atOnce := func(r *session.Rules) { r.Grace, r.ReclaimAfter = time.Nanosecond, 0 }
	c, beside := core(server, atOnce), core(other, atOnce)
	lost, held, late := addUser(t, server, "lost"), addUser(t, server, "held"), addUser(t, server, "late")
	setLimit(t, c, 2)
	mode := session.LoginSeat
	if err := c.ChangePool(t.Context(), session.ByCLI("test"), Pool, session.PoolChange{Login: &mode}); err != nil {
		t.Fatal(err)
	}
	first, second := login(t, c, lost), login(t, c, held)
	register(t, c, first, "c1")
	register(t, c, second, "c2")
	if err := c.Leave(t.Context(), session.ByUser(lost), session.Disconnect{User: lost, Conn: "c1"}); err != nil {
		t.Fatal(err)
	}
	if err := c.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := c.Leave(t.Context(), session.ByUser(held), session.Disconnect{User: held, Conn: "c2"}); err != nil {
		t.Fatal(err)
	}
	// Both grace periods are over by now.
	for _, who := range []*session.Core{c, beside} {
		if err := who.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := who.Expire(t.Context(), lost); err != nil {
			t.Fatal(err)
		}
		_, err := who.Login(t.Context(), session.ByCLI("test"), session.Login{User: late, Issued: true})
		if _, full := errors.AsType[*session.SeatError](err); !full {
			t.Errorf("a login during the drain: %v", err)
		}
		if p, _ := inside(t, server); p.Grace != 2 {
			t.Fatalf("during the drain: %+v", p)
		}
	}
	err := c.Register(t.Context(), session.ByUser(lost), session.Registration{User: lost, Session: first.ID, Conn: "c3"})
	if !errors.Is(err, session.ErrDraining) {
		t.Errorf("register during the drain: %v", err)
	}
	due, err := server.Due(t.Context(), c.Now().Add(time.Hour), 10)
	if err != nil || len(due) > 0 {
		t.Errorf("due during the drain: %v, %v", due, err)
	}

	next := core(server)
	if err := next.Boot(t.Context(), "next"); err != nil {
		t.Fatal(err)
	}
	register(t, next, first, "c4")
	register(t, next, second, "c5")
	if p, _ := inside(t, server); p.Held != 2 || p.Grace != 0 {
		t.Errorf("after all have resumed: %+v", p)
	}
}

// testInUseAtRestart: only sessions that were connected when the last run ended, by
// a crash or a drain, count as active at the next start.
func testInUseAtRestart(t *testing.T, b Backend) {
	s := b.Open(t)
	c := core(s)
	names := []string{"crashed", "drained", "quiet", "gone"}
	in := make(map[string]session.Session)
	for _, name := range names {
		in[name] = login(t, c, addUser(t, s, name))
	}
	for _, name := range []string{"crashed", "drained", "gone"} {
		register(t, c, in[name], name)
	}
	leave := func(name string) {
		if err := c.Leave(t.Context(), session.ByUser(in[name].User), session.Disconnect{User: in[name].User, Conn: name}); err != nil {
			t.Fatal(err)
		}
	}
	leave("gone")
	left, _, err := s.Session(t.Context(), in["gone"].ID)
	if err != nil {
		t.Fatal(err)
	}
	for c.Now().Equal(left.LastActive) { // the drain begins later
		runtime.Gosched()
	}
	if err := c.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	leave("drained")
	later := c.Now().Add(time.Hour)
	if err := s.Restart(t.Context(), "next", later, later.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{"crashed": true, "drained": true, "quiet": false, "gone": false} {
		x, _, err := s.Session(t.Context(), in[name].ID)
		if err != nil || x.LastActive.Equal(later) != want {
			t.Errorf("%s was last active at %v, %v; the start was at %v", name, x.LastActive, err, later)
		}
	}
}
