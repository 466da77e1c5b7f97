package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/turnike/turnike/internal/session"
)

// testReopen and testCrash differ only in how the process ends.
func testReopen(t *testing.T, b Backend) {
	testOutlives(t, b, func(s Store) Store {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		return b.Open(t)
	})
}

func testCrash(t *testing.T, b Backend) { testOutlives(t, b, func(Store) Store { return b.Crash(t) }) }

func testOutlives(t *testing.T, b Backend, end func(Store) Store) {
	s := b.Open(t)
	c := core(s, func(r *session.Rules) { r.MaxPerUser = 2 })
	setLimit(t, c, 20)
	var ended, live []session.Session
	var wg sync.WaitGroup
	var mu sync.Mutex // guards ended and live
	for i := range 10 {
		user := addUser(t, s, fmt.Sprintf("user%02d", i))
		wg.Go(func() {
			one, two := login(t, c, user), login(t, c, user)
			register(t, c, two, "c-"+two.ID)
			if _, err := c.End(t.Context(), session.ByCLI("test"), session.Ending{User: user, Session: one.ID, Code: session.EndedByAdmin, Reason: "ışık"}); err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			ended, live = append(ended, one), append(live, two)
		})
	}
	wg.Wait()
	before, entries := inside(t, s)

	s = end(s) // every answered change must be there [I6]
	c = core(s)
	after, again := inside(t, s)
	if after != before || len(again) != len(entries) {
		t.Errorf("pool %+v with %d seats, was %+v with %d", after, len(again), before, len(entries))
	}
	for user, e := range entries {
		if again[user] != e {
			t.Errorf("seat %+v, was %+v", again[user], e)
		}
	}
	for _, x := range ended {
		_, _, err := c.Session(t.Context(), x.ID)
		if e, ok := errors.AsType[*session.EndedError](err); !ok || e.Code != session.EndedByAdmin || e.Reason != "ışık" {
			t.Errorf("an ended session: %v [SEC-27]", err)
		}
	}
	if err := c.Boot(t.Context(), "next"); err != nil {
		t.Fatal(err)
	}
	for _, x := range live {
		register(t, c, x, "again-"+x.ID)
	}
	if p, _ := inside(t, s); p.Held != 10 || p.Grace != 0 {
		t.Errorf("pool %+v after all have resumed", p)
	}
}

// testTwoProcesses is a command beside a running server.
func testTwoProcesses(t *testing.T, b Backend) {
	server := b.Open(t)
	c := core(server)
	user := addUser(t, server, "ada")
	in := login(t, c, user)
	register(t, c, in, "c1")
	p, _ := inside(t, server)
	rec := listen(t, server)

	command := b.Open(t)
	other := core(command)
	if n, err := other.End(t.Context(), session.ByCLI("test"), session.Ending{User: user, Code: session.EndedByAdmin}); err != nil || n != 1 {
		t.Fatalf("End: %d, %v", n, err)
	}
	setLimit(t, other, 7)
	late := addUser(t, command, "late")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := command.WaitApplied(ctx); err != nil {
		t.Fatal(err)
	}
	events := rec.all()
	if len(events) != 3 || events[0].Type != session.SessionEnded || events[0].Session != in.ID ||
		events[1].Type != session.PoolChanged || events[1].Limit != 7 || events[2].Type != session.UserCreated {
		t.Fatalf("the server was handed %+v", events)
	}
	for i, e := range events {
		if e.LogSeq != p.LogSeq+1+int64(i) {
			t.Errorf("event %d, want %d", e.LogSeq, p.LogSeq+1+int64(i))
		}
	}
	// The server's decisions use what the other process has written.
	if err := c.Register(t.Context(), session.ByUser(user), session.Registration{User: user, Session: in.ID, Conn: "c2"}); err == nil {
		t.Error("a session that another process has ended was let in")
	}
	register(t, c, login(t, c, late), "c3")
	if p, entries := inside(t, command); p.Held != 1 || entries[late].State != session.Held {
		t.Errorf("the command sees %+v, %v", p, entries)
	}
	if err := command.WaitApplied(ctx); err != nil {
		t.Fatal(err)
	}
}

// testTwoWriters: while two processes change one pool as fast as they can, the
// server receives every event once and in order.
func testTwoWriters(t *testing.T, b Backend) {
	server := b.Open(t)
	command := b.Open(t)
	c := core(server)
	setLimit(t, c, 5)
	users := make([]string, 10)
	for i := range users {
		users[i] = addUser(t, server, fmt.Sprintf("user%02d", i))
	}
	p, _ := inside(t, server)
	fold, rec := NewFold(p), listen(t, server)
	var wg sync.WaitGroup
	for i, user := range users {
		for n, who := range []*session.Core{c, core(command)} {
			wg.Go(func() {
				for k := range 5 {
					in, err := who.Login(t.Context(), session.ByCLI("test"), session.Login{User: user, Issued: true})
					if err != nil {
						t.Error(err)
						return
					}
					err = who.Register(t.Context(), session.ByUser(user), session.Registration{User: user, Session: in.ID, Conn: fmt.Sprintf("c%d-%d-%d", i, n, k)})
					if err != nil && !refused(err) {
						t.Error(err)
					}
				}
			})
		}
	}
	wg.Wait()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := command.WaitApplied(ctx); err != nil {
		t.Fatal(err)
	}
	if err := fold.Apply(rec.all()); err != nil {
		t.Fatal(err)
	}
	if err := fold.Equal(inside(t, server)); err != nil {
		t.Fatal(err)
	}
}
