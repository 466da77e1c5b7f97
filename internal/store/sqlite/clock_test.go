package sqlite

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/turnike/turnike/internal/account"
	"github.com/turnike/turnike/internal/session"
	"github.com/turnike/turnike/internal/store"
)

const (
	year = 365 * 24 * time.Hour
	life = 5 * time.Minute        // of a session
	look = 200 * time.Millisecond // how often the server looks at the clock
)

// machine is a computer whose clock is stepped and which is suspended, as a test
// likes.
type machine struct {
	born     time.Time
	step     atomic.Int64 // nanoseconds that its clock is off
	slept    atomic.Int64 // nanoseconds that it was suspended
	counters bool         // it has counters that no step moves
}

func newMachine(counters bool) *machine { return &machine{born: time.Now(), counters: counters} }

func (m *machine) wall() time.Time {
	return time.Now().Add(time.Duration(m.step.Load() + m.slept.Load()))
}

func (m *machine) ticks() (ticks, bool) {
	awake := int64(time.Since(m.born))
	return ticks{Boot: "one", Awake: awake, Elapsed: awake + m.slept.Load()}, m.counters
}

// process opens the store of a directory, as the server or as a command.
func (m *machine) process(t *testing.T, dir string, command bool) (*Store, *session.Core) {
	t.Helper()
	s, err := Open(t.Context(), Options{Dir: dir, Log: quiet(), Command: command, Wall: m.wall, ticks: m.ticks, watch: look})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	rules := session.DefaultRules()
	rules.Lifetime = life
	return s, session.New(s, rules, quiet())
}

// serve opens the store as the server that runs on the directory until stop is
// called.
func (m *machine) serve(t *testing.T, dir string) (s *Store, core *session.Core, stop func()) {
	t.Helper()
	lock, err := LockDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	s, core = m.process(t, dir, false)
	stop = sync.OnceFunc(func() {
		if err := errors.Join(s.Close(), lock.Close()); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	if err := s.Listen("server", func([]session.Event) {}); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(core.Boot(t.Context(), "epoch"), lock.Serve()); err != nil {
		t.Fatal(err)
	}
	return s, core, stop
}

// house is a pool of one seat, which ada has and has lost the connection of; bob
// would like to have it.
type house struct {
	*machine
	dir      string
	server   *session.Core
	store    *Store
	stop     func() // of the server
	ada, bob session.Session
}

func newHouse(t *testing.T, m *machine) *house {
	t.Helper()
	h := &house{machine: m, dir: t.TempDir()}
	h.store, h.server, h.stop = m.serve(t, h.dir)
	one := 1
	if err := h.server.ChangePool(t.Context(), session.ByCLI("test"), 1, session.PoolChange{Limit: &one}); err != nil {
		t.Fatal(err)
	}
	h.ada, h.bob = h.login(t, "ada"), h.login(t, "bob")
	if err := h.enter(t, h.server, h.ada); err != nil {
		t.Fatal(err)
	}
	if err := h.server.Leave(t.Context(), session.ByUser(h.ada.User), session.Disconnect{User: h.ada.User, Conn: h.ada.ID}); err != nil {
		t.Fatal(err)
	}
	return h
}

func (h *house) login(t *testing.T, name string) session.Session {
	t.Helper()
	if err := h.store.CreateUsers(t.Context(), session.ByCLI("test"), []store.NewUser{{Name: name, Role: account.RoleUser}}); err != nil {
		t.Fatal(err)
	}
	u, err := h.store.UserByName(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	s, err := h.server.Login(t.Context(), session.ByCLI("test"), session.Login{User: u.ID, Issued: true})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// enter registers a connection of the session, called as it is.
func (h *house) enter(t *testing.T, by *session.Core, s session.Session) error {
	return by.Register(t.Context(), session.ByUser(s.User), session.Registration{User: s.User, Session: s.ID, Conn: s.ID})
}

// undisturbed requires that a process neither frees ada's seat nor gives it away,
// and that both sessions live.
func (h *house) undisturbed(t *testing.T, what string, by *session.Core) {
	t.Helper()
	if err := by.Expire(t.Context(), h.ada.User); err != nil {
		t.Fatal(err)
	}
	if full, ok := errors.AsType[*session.SeatError](h.enter(t, by, h.bob)); !ok {
		t.Errorf("%s: bob is let in at once", what)
	} else if full.RetryAfter > 3*time.Second {
		t.Errorf("%s: bob is told to come back after %v", what, full.RetryAfter)
	}
	for _, s := range []session.Session{h.ada, h.bob} {
		if _, _, err := by.Session(t.Context(), s.ID); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	if p, entries, err := h.store.Snapshot(t.Context(), 1); err != nil || p.Grace != 1 || len(entries) != 1 || entries[0].Name != "ada" {
		t.Errorf("%s: pool %+v, %+v, %v", what, p, entries, err)
	}
}

// TestT1_Steps: no step of the machine's clock frees a seat, ends a session or
// makes anything last longer, be it the server that decides or a command; and what
// people are told is as the machine's clock has it.
func TestT1_Steps(t *testing.T) {
	for _, step := range []time.Duration{time.Minute, -time.Minute, 24 * time.Hour, -24 * time.Hour, year, -year, 56 * year, -50 * year} {
		for _, counters := range []bool{true, false} {
			t.Run(fmt.Sprintf("%v counters %v", step, counters), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					h := newHouse(t, newMachine(counters))
					early, beside := h.process(t, h.dir, true) // it has read the clock before the step
					h.step.Store(int64(step))
					if !counters { // then the server has to have noted the step
						time.Sleep(2 * look)
					}
					h.undisturbed(t, "the server", h.server)
					h.undisturbed(t, "a command", beside)
					late, fresh := h.process(t, h.dir, true)
					h.undisturbed(t, "a later command", fresh)
					for _, s := range []*Store{early, late} {
						if off := s.Now().Sub(h.store.Now()); off.Abs() > time.Second {
							t.Errorf("a command's time is %v off the server's", off)
						}
					}
					h.listed(t, late)
					h.listed(t, h.store)
					time.Sleep(4 * time.Second)
					if err := h.enter(t, fresh, h.bob); err != nil { // [S4]
						t.Errorf("bob, after the time that he was told: %v", err)
					}
					time.Sleep(life)
					if _, _, err := h.server.Session(t.Context(), h.ada.ID); !endedWith(err, session.Expired) {
						t.Errorf("when its time is over: %v", err)
					}
				})
			})
		}
	}
}

// listed requires that the list of sessions tells times as the machine's clock
// would have shown them.
func (h *house) listed(t *testing.T, s *Store) {
	t.Helper()
	rows, err := s.Sessions(t.Context())
	if err != nil || len(rows) != 2 {
		t.Fatalf("%+v, %v", rows, err)
	}
	for _, row := range rows {
		if ago := h.wall().Sub(row.Since); ago < -time.Second || ago > time.Minute {
			t.Errorf("since %v, which is %v ago", row.Since, ago)
		}
		if left := row.Expires.Sub(h.wall()); left < life-time.Minute || left > life+time.Second {
			t.Errorf("expires %v, which is in %v", row.Expires, left)
		}
	}
}

func endedWith(err error, code session.Code) bool {
	ended, ok := errors.AsType[*session.EndedError](err)
	return ok && ended.Code == code
}

// TestT1_Suspended: who could not come back loses nothing, and a session grows
// older all the same.
func TestT1_Suspended(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, newMachine(true))
		_, beside := h.process(t, h.dir, true)
		before := h.store.Now()
		h.slept.Store(int64(life / 2))
		h.undisturbed(t, "a command, before the server has noticed", beside)
		time.Sleep(2 * look)
		h.undisturbed(t, "the server", h.server)
		h.undisturbed(t, "a command", beside)
		if passed := h.store.Now().Sub(before); passed < life/2 || passed > life/2+time.Minute {
			t.Errorf("%v have passed, want %v", passed, life/2)
		}
		if shift := h.store.Shift(); shift != 0 {
			t.Errorf("shift %v, but nobody has stepped the clock", shift)
		}
		h.slept.Store(int64(life + time.Minute))
		time.Sleep(2 * look)
		if _, _, err := h.server.Session(t.Context(), h.ada.ID); !endedWith(err, session.Expired) {
			t.Errorf("a session that has slept its life out: %v", err)
		}
	})
}

// TestT1_NoServer: while no server runs grace stands still, however long: commands
// free nothing and give nothing away. The next start gives the owner boot grace.
func TestT1_NoServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, newMachine(true))
		h.stop()
		for _, gone := range []time.Duration{20 * time.Second, life / 2} {
			time.Sleep(gone)
			store, command := h.process(t, h.dir, true)
			h.store = store
			h.undisturbed(t, gone.String()+" later", command)
		}
		_, server, _ := h.serve(t, h.dir)
		if err := h.enter(t, server, h.ada); err != nil {
			t.Errorf("after the start: %v [S7]", err)
		}
	})
}

// TestT1_StartWithAWrongClock: a server that starts with a wrong clock ends no
// session, and none lives for ever by it; the next start with the right one finds
// everything as it should be.
func TestT1_StartWithAWrongClock(t *testing.T) {
	for _, wrong := range []time.Duration{-time.Minute, -24 * time.Hour, -56 * year} {
		for _, mended := range []bool{true, false} { // while it runs, or when it is stopped
			t.Run(fmt.Sprintf("%v mended %v", wrong, mended), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					h := newHouse(t, newMachine(true))
					h.stop()
					h.step.Store(int64(wrong))
					var second *session.Core
					h.store, second, h.stop = h.serve(t, h.dir)
					if err := h.enter(t, second, h.ada); err != nil {
						t.Errorf("ada, after the start with a wrong clock: %v", err)
					}
					time.Sleep(time.Minute)
					if mended {
						h.step.Store(0)
						time.Sleep(2 * look)
						rows, err := h.store.Sessions(t.Context())
						if err != nil || len(rows) != 2 || h.wall().Sub(rows[0].Since).Abs() > 2*time.Minute {
							t.Errorf("once the clock is right: %+v, %v", rows, err)
						}
					}
					h.stop()
					h.step.Store(0)
					var third *session.Core
					h.store, third, h.stop = h.serve(t, h.dir)
					_, _, err := third.Session(t.Context(), h.bob.ID)
					if err != nil && (mended || wrong > -24*time.Hour) {
						t.Errorf("bob, after the start with the right clock: %v", err)
					}
					time.Sleep(life)
					if _, _, err := third.Session(t.Context(), h.bob.ID); !endedWith(err, session.Expired) {
						t.Errorf("when its time is over: %v", err)
					}
				})
			})
		}
	}
}

// TestT1_SuspensionIsNoStep: the note that tells commands of a suspension does not
// take it for a step of the machine's clock, not even until the next look.
func TestT1_SuspensionIsNoStep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, newMachine(true))
		h.slept.Store(int64(life / 2))
		time.Sleep(look + look/2) // one look
		h.stop()
		store, _ := h.process(t, h.dir, true)
		if err := store.control(func(w *writer) error {
			n, err := readNote(w.conn)
			if err == nil && n.Shift != 0 {
				t.Errorf("a shift of %d s", n.Shift)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	})
}

// TestT1_ALockIsNoServer: beside a restore, or a server that is still starting, a
// command lets no grace end and gives no seat away.
func TestT1_ALockIsNoServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, newMachine(true))
		h.stop() // as by a crash: it has not drained
		time.Sleep(20 * time.Second)
		lock, err := LockDir(h.dir)
		if err != nil {
			t.Fatal(err)
		}
		defer lock.Close()
		store, command := h.process(t, h.dir, true)
		h.store = store
		h.undisturbed(t, "beside a restore", command)
	})
}
