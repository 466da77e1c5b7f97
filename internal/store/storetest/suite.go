package storetest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/turnike/turnike/internal/session"
	"github.com/turnike/turnike/internal/store"
)

// Run checks everything that a store must do. fresh creates a new database.
func Run(t *testing.T, fresh func(testing.TB) Backend) {
	for _, c := range []struct {
		name    string
		durable bool // only if the database outlives its process
		run     func(*testing.T, Backend)
	}{
		{"unknown", false, testUnknown},
		{"a panic of a rule changes nothing", false, testPanic},
		{"who gives up aborts nothing", false, testGiveUp},
		{"A1 I1 parallel admissions never pass the limit", false, testLimit},
		{"I4 K6 events in commit order, before the answer", false, testEvents},
		{"A1 one login at a time survives", false, testParallelLogins},
		{"S7 restart", false, testRestart},
		{"S7 drain", false, testDrain},
		{"S7 A4 in use at a restart", false, testInUseAtRestart},
		{"T2 due", false, testDue},
		{"touch", false, testTouch},
		{"A7 deletion frees the name", false, testDelete},
		{"prune", false, testPrune},
		{"SEC-07 known devices", false, testDevices},
		{"A6 the sharing of an account", false, testSharing},
		{"S1 connections keep their order", false, testConnectionOrder},
		{"P3 a snapshot is of one commit", false, testSnapshot},
		{"SEC-06 accounts are created all or none", false, testCreateUsers},
		{"an import", false, testImport},
		{"SEC-01 rehash", false, testRehash},
		{"lists", false, testLists},
		{"pools", false, testPools},
		{"notes", false, testNotes},
		{"events that no rule decides", false, testLogEvents},
		{"I6 reopen", true, testReopen},
		{"I6 SEC-27 crash", true, testCrash},
		{"two processes", true, testTwoProcesses},
		{"two processes write at once", true, testTwoWriters},
		{"S7 drain beside a command", true, testDrainBeside},
		{"I4 many events of another process", true, testManyForeignEvents},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel() // they wait for the disk
			b := fresh(t)
			if c.durable && b.Crash == nil {
				t.Skip("nothing outlives the process")
			}
			c.run(t, withoutBreaches(b))
		})
	}
	t.Run("I1 SEC-59 a change that breaks an invariant is refused", func(t *testing.T) {
		t.Parallel()
		testBreach(t, fresh(t))
	})
}

// withoutBreaches fails a test in which a change broke an invariant [I1].
func withoutBreaches(b Backend) Backend {
	check := func(open func(testing.TB) Store) func(testing.TB) Store {
		return func(t testing.TB) Store {
			s := open(t)
			t.Cleanup(func() {
				if n := s.Stats().Breaches; n > 0 {
					t.Errorf("%d changes broke an invariant", n)
				}
			})
			return s
		}
	}
	out := Backend{Open: check(b.Open)}
	if b.Crash != nil {
		out.Crash = check(b.Crash)
	}
	return out
}

func testUnknown(t *testing.T, b Backend) {
	s := b.Open(t)
	none := func(session.State, time.Time) session.Change { t.Error("decide was called"); return session.Change{} }
	if _, err := s.Update(t.Context(), "nobody", none); !errors.Is(err, session.ErrNoUser) {
		t.Errorf("Update: %v", err)
	}
	_, err := s.UpdatePool(t.Context(), 4711, func(session.Pool, time.Time) session.Change { return session.Change{} })
	if !errors.Is(err, session.ErrNoPool) {
		t.Errorf("UpdatePool: %v", err)
	}
	if _, _, err := s.Session(t.Context(), "none"); !errors.Is(err, session.ErrUnknown) {
		t.Errorf("Session: %v", err)
	}
}

func testPanic(t *testing.T, b Backend) {
	s := b.Open(t)
	c := core(s)
	user := addUser(t, s, "ada")
	before, _ := inside(t, s)
	var wg sync.WaitGroup
	for range 20 { // among other requests, which must succeed
		wg.Go(func() {
			if _, err := s.Update(t.Context(), user, func(session.State, time.Time) session.Change { panic("a defect") }); err == nil {
				t.Error("no error")
			}
		})
		wg.Go(func() { login(t, c, user) })
	}
	wg.Wait()
	after, _ := inside(t, s)
	if n := after.LogSeq - before.LogSeq; n != 20+19 {
		t.Errorf("%d events, want 20 starts and 19 ends", n)
	}
}

func testGiveUp(t *testing.T, b Backend) {
	s := b.Open(t)
	c := core(s)
	user := addUser(t, s, "ada")
	for range 50 {
		ctx, cancel := context.WithCancel(t.Context())
		go cancel()
		if _, err := c.Login(ctx, session.ByCLI("test"), session.Login{User: user, Issued: true}); err != nil && !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
	}
	register(t, c, login(t, c, user), "c1") // the store still works
	if p, entries := inside(t, s); p.Held != 1 || len(entries) != 1 {
		t.Errorf("pool %+v, entries %v", p, entries)
	}
}

// recorder is a listener that can be read while it listens.
type recorder struct {
	mu     sync.Mutex // guards events
	events []session.Event
}

func (r *recorder) add(events []session.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, events...)
}

func (r *recorder) all() []session.Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.events)
}

func (r *recorder) has(match func(session.Event) bool) bool {
	return slices.ContainsFunc(r.all(), match)
}

func listen(t testing.TB, s Store) *recorder {
	t.Helper()
	r := &recorder{}
	if err := s.Listen("server", r.add); err != nil {
		t.Fatal(err)
	}
	return r
}

// testLimit: many users and few seats, everything at once. The limit holds.
func testLimit(t *testing.T, b Backend) {
	const users, callers, seats, rounds = 50, 200, 10, 4
	s := b.Open(t)
	c := core(s, func(r *session.Rules) { r.ReclaimAfter = 0 })
	setLimit(t, c, seats)
	ids := make([]string, users)
	for i := range ids {
		ids[i] = addUser(t, s, fmt.Sprintf("user%02d", i))
	}
	p, _ := inside(t, s)
	fold, rec := NewFold(p), listen(t, s)
	var wg sync.WaitGroup
	for i := range callers {
		wg.Go(func() {
			for n := range rounds {
				user, conn := ids[rand.IntN(users)], fmt.Sprintf("c%d-%d", i, n)
				in, err := c.Login(t.Context(), session.ByCLI("test"), session.Login{User: user, Issued: true})
				if err != nil {
					t.Error(err)
					return
				}
				err = c.Register(t.Context(), session.ByUser(user), session.Registration{User: user, Session: in.ID, Conn: conn})
				if err != nil && !refused(err) {
					t.Error(err)
				}
				if err == nil && rand.IntN(3) > 0 {
					if err := c.Leave(t.Context(), session.ByUser(user), session.Disconnect{User: user, Conn: conn, Clean: rand.IntN(2) == 0}); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	wg.Wait()
	if err := fold.Apply(rec.all()); err != nil {
		t.Fatal(err)
	}
	if err := fold.Equal(inside(t, s)); err != nil {
		t.Fatal(err)
	}
	if p, _ := inside(t, s); p.Used() > seats {
		t.Errorf("%d of %d seats used", p.Used(), seats)
	}
}

// refused reports whether an error is a refusal that a race can cause.
func refused(err error) bool {
	if _, ok := errors.AsType[*session.SeatError](err); ok {
		return true
	}
	_, ok := errors.AsType[*session.EndedError](err)
	return ok
}

func testEvents(t *testing.T, b Backend) {
	s := b.Open(t)
	c := core(s)
	setLimit(t, c, 30)
	users := make([]string, 30)
	for i := range users {
		users[i] = addUser(t, s, fmt.Sprintf("user%02d", i))
	}
	p, _ := inside(t, s)
	fold, rec := NewFold(p), listen(t, s)
	var wg sync.WaitGroup
	for i, user := range users {
		wg.Go(func() {
			in, conn := login(t, c, user), fmt.Sprintf("c%d", i)
			if !rec.has(func(e session.Event) bool { return e.Type == session.SessionStarted && e.Session == in.ID }) {
				t.Error("login was answered before its event was handed over [K6]")
			}
			register(t, c, in, conn)
			if !rec.has(func(e session.Event) bool { return e.Conn == conn && e.Status == session.Online }) {
				t.Error("register was answered before its event was handed over [K6]")
			}
			if n, err := c.End(t.Context(), session.ByCLI("test"), session.Ending{User: user, Session: in.ID, Code: session.LoggedOut}); err != nil || n != 1 {
				t.Errorf("End: %d, %v", n, err)
			}
			if !rec.has(func(e session.Event) bool { return e.Session == in.ID && e.Code == session.LoggedOut }) {
				t.Error("the end was answered before its event was handed over [K6]")
			}
		})
	}
	wg.Wait()
	if err := fold.Apply(rec.all()); err != nil {
		t.Fatal(err)
	}
	if err := fold.Equal(inside(t, s)); err != nil {
		t.Fatal(err)
	}
	if fold.Events != 90 {
		t.Errorf("%d events, want 90: one per change [I4]", fold.Events)
	}
}

func testParallelLogins(t *testing.T, b Backend) {
	s := b.Open(t)
	c := core(s)
	user := addUser(t, s, "ada")
	in := make([]session.Session, 40)
	var wg sync.WaitGroup
	for i := range in {
		wg.Go(func() { in[i] = login(t, c, user) })
	}
	wg.Wait()
	live := 0
	for _, x := range in {
		if _, _, err := c.Session(t.Context(), x.ID); err == nil {
			live++
		} else if e, ok := errors.AsType[*session.EndedError](err); !ok || e.Code != session.Replaced {
			t.Error(err)
		}
	}
	if live != 1 {
		t.Errorf("%d live sessions", live)
	}
}

func testRestart(t *testing.T, b Backend) {
	s := b.Open(t)
	c := core(s, func(r *session.Rules) { r.BootGrace = time.Hour })
	held, lost := addUser(t, s, "held"), addUser(t, s, "lost")
	in, other := login(t, c, held), login(t, c, lost)
	register(t, c, in, "c1")
	register(t, c, other, "c2")
	if err := c.Leave(t.Context(), session.ByUser(lost), session.Disconnect{User: lost, Conn: "c2"}); err != nil {
		t.Fatal(err)
	}
	if err := c.Boot(t.Context(), "second"); err != nil {
		t.Fatal(err)
	}
	if epoch, err := s.Epoch(t.Context()); err != nil || epoch != "second" {
		t.Errorf("epoch %q, %v", epoch, err)
	}
	p, entries := inside(t, s)
	if p.Grace != 2 || p.Held != 0 || !isIn(entries[held], "held", session.Grace, 0) || entries[lost].State != session.Grace {
		t.Errorf("pool %+v, entries %v", p, entries)
	}
	// Sessions stay live. Only the owners may resume, so two seats are taken.
	third, fourth := addUser(t, s, "third"), addUser(t, s, "fourth")
	register(t, c, login(t, c, third), "c3")
	err := c.Register(t.Context(), session.ByUser(fourth), session.Registration{User: fourth, Session: login(t, c, fourth).ID, Conn: "c4"})
	if e, ok := errors.AsType[*session.SeatError](err); !ok || e.Used != 3 {
		t.Errorf("a seat in boot grace was given away: %v", err)
	}
	register(t, c, in, "c5")
	if p, entries := inside(t, s); p.Held != 2 || !isIn(entries[held], "held", session.Held, 1) {
		t.Errorf("after resuming: pool %+v, entries %v", p, entries)
	}
}

// isIn reports whether a seat's entry says this.
func isIn(e store.Entry, name string, state session.SeatState, connections int) bool {
	return e.Name == name && e.State == state && e.Connections == connections && !e.Since.IsZero() && !e.Changed.IsZero()
}

func testDue(t *testing.T, b Backend) {
	s := b.Open(t)
	c := core(s, func(r *session.Rules) { r.Lifetime, r.Grace = time.Hour, time.Minute })
	user, idle := addUser(t, s, "ada"), addUser(t, s, "idle")
	in := login(t, c, user)
	login(t, c, idle)
	register(t, c, in, "c1")
	if err := c.Leave(t.Context(), session.ByUser(user), session.Disconnect{User: user, Conn: "c1"}); err != nil {
		t.Fatal(err)
	}
	now := c.Now()
	for _, x := range []struct {
		at    time.Time
		limit int
		want  int
	}{
		{now, 10, 0},
		{now.Add(2 * time.Minute), 10, 1}, // the seat
		{now.Add(2 * time.Hour), 10, 2},   // and both sessions
		{now.Add(2 * time.Hour), 1, 1},
	} {
		due, err := s.Due(t.Context(), x.at, x.limit)
		if err != nil || len(due) != x.want {
			t.Errorf("due at %v: %v, %v, want %d", x.at.Sub(now), due, err, x.want)
		}
		if x.want == 1 && x.limit == 10 && (len(due) != 1 || due[0] != user) {
			t.Errorf("due at %v: %v, want %s", x.at.Sub(now), due, user)
		}
	}
}

func testTouch(t *testing.T, b Backend) {
	s := b.Open(t)
	c := core(s)
	user := addUser(t, s, "ada")
	old := login(t, c, user)
	in := login(t, c, user) // ends old
	at := in.LastActive.Add(time.Hour)
	if err := s.Touch(t.Context(), map[string]time.Time{in.ID: at, old.ID: at, "none": at}); err != nil {
		t.Fatal(err)
	}
	if err := s.Touch(t.Context(), map[string]time.Time{in.ID: at.Add(-time.Minute)}); err != nil {
		t.Fatal(err)
	}
	if x, _, err := s.Session(t.Context(), in.ID); err != nil || !x.LastActive.Equal(at) {
		t.Errorf("last active %v, %v, want %v", x.LastActive, err, at)
	}
	if x, _, err := s.Session(t.Context(), old.ID); err != nil || x.LastActive.Equal(at) {
		t.Errorf("an ended session was touched: %v, %v", x.LastActive, err)
	}
	_, err := s.Update(t.Context(), user, func(st session.State, _ time.Time) session.Change {
		if len(st.Sessions) != 1 || !st.Sessions[0].LastActive.Equal(at) {
			t.Errorf("a rule sees %+v", st.Sessions)
		}
		return session.Change{Pool: st.Pool}
	})
	if err != nil {
		t.Fatal(err)
	}
}

func testPrune(t *testing.T, b Backend) {
	s := b.Open(t)
	c := core(s)
	user := addUser(t, s, "ada")
	old := login(t, c, user)
	in := login(t, c, user)
	register(t, c, in, "c1")
	now := c.Now()
	prune := func(at, presence, audit time.Time) {
		t.Helper()
		if err := s.Prune(t.Context(), at, presence, audit); err != nil {
			t.Fatal(err)
		}
	}
	ancient, later := now.Add(-time.Hour), now.Add(time.Hour)
	prune(now, ancient, ancient)
	if _, _, err := s.Session(t.Context(), old.ID); err != nil {
		t.Errorf("an ended session is gone before its token's exp: %v", err)
	}
	before, _ := inside(t, s)
	prune(old.Expires, later, ancient)
	prune(old.Expires, later, later)
	if _, _, err := s.Session(t.Context(), old.ID); !errors.Is(err, session.ErrUnknown) {
		t.Errorf("an ended session outlives its token: %v", err)
	}
	if _, _, err := s.Session(t.Context(), in.ID); err != nil {
		t.Errorf("a live session was pruned: %v", err)
	}
	if after, entries := inside(t, s); after != before || len(entries) != 1 {
		t.Errorf("pruning changed the pool: %+v, was %+v", after, before)
	}
	register(t, c, in, "c2") // the numbers continue
	if after, _ := inside(t, s); after.LogSeq != before.LogSeq+1 {
		t.Errorf("event %d after %d", after.LogSeq, before.LogSeq)
	}
}

func testConnectionOrder(t *testing.T, b Backend) {
	s := b.Open(t)
	c := core(s, func(r *session.Rules) { r.ConnsPerSession, r.MaxPerUser = 2, 2 })
	user := addUser(t, s, "ada")
	one, two := login(t, c, user), login(t, c, user)
	rec := listen(t, s)
	// Probably all in one millisecond; the ids are not sorted.
	for i, conn := range []string{"z", "m", "a"} {
		register(t, c, one, conn)
		register(t, c, two, fmt.Sprintf("two%d", i))
	}
	_, err := s.Update(t.Context(), user, func(st session.State, _ time.Time) session.Change {
		var ids []string
		for _, x := range st.Conns {
			ids = append(ids, x.ID)
		}
		if want := []string{"m", "two1", "a", "two2"}; !slices.Equal(ids, want) {
			t.Errorf("connections %v, want %v", ids, want)
		}
		if len(st.Sessions) != 2 || st.Sessions[0].ID != one.ID {
			t.Errorf("sessions %v, want the oldest first", st.Sessions)
		}
		if st.Seat == nil || st.Seat.Session != two.ID {
			t.Errorf("seat %+v, want it with the session that registered last", st.Seat)
		}
		return session.Change{Pool: st.Pool}
	})
	if err != nil {
		t.Fatal(err)
	}
	if !rec.has(func(e session.Event) bool { return e.Conn == "a" && slices.Equal(e.Dropped, []string{"z"}) }) {
		t.Error("the oldest connection was not the one that gave way [S1]")
	}
}
