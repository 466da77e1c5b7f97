package sqlite

import (
	"context"
	"errors"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/turnike/turnike/internal/account"
	"github.com/turnike/turnike/internal/session"
	"github.com/turnike/turnike/internal/store"
)

// scene is a store with users in several states and a batch of requests.
type scene struct {
	*Store
	faults *faults
	core   *session.Core
	heard  collector
	start  map[session.PoolID]int64 // where the logs end before the batch
	ids    map[string]string        // of users by name
	live   map[string]string        // their sessions before the batch
}

// sceneNames are the users: the first four are of the pool default.
var sceneNames = []string{"ada", "bob", "cem", "dora", "eve", "gus"}

// prepareScene makes the directory that every run of the test begins with.
func prepareScene(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	s, err := Open(t.Context(), Options{Dir: dir, Log: quiet()})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.CreatePool(t.Context(), session.ByCLI("test"), "second", 1); err != nil {
		t.Fatal(err)
	}
	var users []store.NewUser
	for i, name := range sceneNames {
		users = append(users, store.NewUser{Name: name, Role: account.RoleUser, Pool: []string{"default", "second"}[i/4]})
	}
	if err := s.CreateUsers(t.Context(), session.ByCLI("test"), users); err != nil {
		t.Fatal(err)
	}
	core := session.New(s, session.DefaultRules(), quiet())
	for _, name := range sceneNames {
		u, err := s.UserByName(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		in, err := core.Login(t.Context(), session.ByCLI("test"), session.Login{User: u.ID, Issued: true})
		if err != nil {
			t.Fatal(err)
		}
		if name == "bob" || name == "gus" {
			continue
		}
		if err := core.Register(t.Context(), session.ByUser(u.ID), session.Registration{User: u.ID, Session: in.ID, Conn: "of " + name}); err != nil {
			t.Fatal(err)
		}
	}
	// ada, cem and dora fill the pool; dora's leaving makes room for bob.
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

func openScene(t *testing.T, from string, change ...func(*Options)) *scene {
	t.Helper()
	dir := t.TempDir()
	copyFile(t, filepath.Join(from, File), filepath.Join(dir, File))
	opts := Options{Dir: dir, Log: quiet(), watch: time.Hour, probe: time.Millisecond}
	for _, fn := range change {
		fn(&opts)
	}
	store, err := Open(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	s := &scene{Store: store, faults: &faults{}, start: map[session.PoolID]int64{}, ids: map[string]string{}, live: map[string]string{}}
	err = store.control(func(w *writer) error {
		s.faults.Connector, w.via = w.via, s.faults
		w.disconnect()
		return w.connect()
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Listen("server", s.heard.add); err != nil {
		t.Fatal(err)
	}
	s.core = session.New(store, session.DefaultRules(), quiet())
	heads, err := store.Heads(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range heads {
		s.start[p.ID] = p.LogSeq
	}
	for _, name := range sceneNames {
		u, err := store.UserByName(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		s.ids[name] = u.ID
	}
	for name, row := range s.rows(t) {
		s.live[name] = row.ID
	}
	return s
}

// rows are the live sessions by user name.
func (s *scene) rows(t *testing.T) map[string]store.SessionRow {
	t.Helper()
	rows, err := s.Sessions(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]store.SessionRow{}
	for _, r := range rows {
		out[r.Username] = r
	}
	return out
}

// sceneTouched is when the batch says that cem was active.
var sceneTouched = time.UnixMilli(4_000_000_000_000).UTC()

// step is one request of the batch, and whether the database shows its effect.
type step struct {
	name    string
	run     func(ctx context.Context) error
	refused bool // by a rule, whatever happens
	shows   func(rows map[string]store.SessionRow) bool
}

func (s *scene) steps(t *testing.T) []step {
	var ada, eve session.Session
	return []step{
		{name: "login of ada", run: func(ctx context.Context) (err error) {
			ada, err = s.core.Login(ctx, session.ByCLI("test"), session.Login{User: s.ids["ada"], Issued: true})
			return err
		}, shows: func(rows map[string]store.SessionRow) bool {
			return rows["ada"].ID != s.live["ada"] && (ada.ID == "" || rows["ada"].ID == ada.ID)
		}},
		{name: "touch of cem", run: func(ctx context.Context) error {
			return s.Touch(ctx, map[string]time.Time{s.live["cem"]: sceneTouched})
		}, shows: func(rows map[string]store.SessionRow) bool { return rows["cem"].LastActive.Equal(sceneTouched) }},
		{name: "login of nobody", run: func(ctx context.Context) error {
			_, err := s.core.Login(ctx, session.ByCLI("test"), session.Login{User: "nobody", Issued: true})
			return err
		}, refused: true},
		{name: "leaving of dora", run: func(ctx context.Context) error {
			return s.core.Leave(ctx, session.ByUser(s.ids["dora"]), session.Disconnect{User: s.ids["dora"], Conn: "of dora", Clean: true})
		}, shows: func(rows map[string]store.SessionRow) bool { return !rows["dora"].Connected }},
		{name: "registration of gus", run: func(ctx context.Context) error {
			return s.core.Register(ctx, session.ByUser(s.ids["gus"]), session.Registration{User: s.ids["gus"], Session: s.live["gus"], Conn: "of gus"})
		}, refused: true},
		{name: "registration of bob", run: func(ctx context.Context) error {
			return s.core.Register(ctx, session.ByUser(s.ids["bob"]), session.Registration{User: s.ids["bob"], Session: s.live["bob"], Conn: "of bob"})
		}, shows: func(rows map[string]store.SessionRow) bool { return rows["bob"].Connected }},
		{name: "new account", run: func(ctx context.Context) error {
			return s.CreateUsers(ctx, session.ByCLI("test"), []store.NewUser{{Name: "fay", Role: account.RoleUser}})
		}, shows: func(map[string]store.SessionRow) bool {
			_, err := s.UserByName(t.Context(), "fay")
			return err == nil
		}},
		{name: "login of eve", run: func(ctx context.Context) (err error) {
			eve, err = s.core.Login(ctx, session.ByCLI("test"), session.Login{User: s.ids["eve"], Issued: true})
			return err
		}, shows: func(rows map[string]store.SessionRow) bool {
			return rows["eve"].ID != s.live["eve"] && (eve.ID == "" || rows["eve"].ID == eve.ID)
		}},
		{name: "note", run: func(ctx context.Context) error { return s.SetMeta(ctx, "note", "made") },
			shows: func(map[string]store.SessionRow) bool {
				value, err := s.Meta(t.Context(), "note")
				return err == nil && value == "made"
			}},
	}
}

// together runs the steps in one batch, in their order, and returns the answers.
func (s *scene) together(t *testing.T, steps []step) []error {
	t.Helper()
	blocked, release := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		_ = s.control(func(*writer) error {
			close(blocked)
			<-release
			return nil
		})
	})
	<-blocked
	answers := make([]error, len(steps))
	for i, step := range steps {
		wg.Go(func() { answers[i] = step.run(t.Context()) })
		for len(s.queue) <= i {
			runtime.Gosched()
		}
	}
	close(release)
	wg.Wait()
	return answers
}

// check compares the database with what was answered and delivered.
func (s *scene) check(t *testing.T, steps []step, answers []error) {
	t.Helper()
	rows := s.rows(t)
	for i, step := range steps {
		err := answers[i]
		if step.refused {
			if err == nil {
				t.Errorf("%s: it was answered with yes", step.name)
			}
			continue
		}
		if err != nil && !errors.Is(err, session.ErrUnavailable) {
			t.Errorf("%s: %v", step.name, err)
		}
		if shows := step.shows(rows); shows != (err == nil) {
			t.Errorf("%s: answered with %v, and the database shows its effect: %v", step.name, err, shows)
		}
	}
	s.checkLog(t)
}

// checkLog compares the events delivered with those in the log, and the
// counters of the pools with their seats.
func (s *scene) checkLog(t *testing.T) {
	t.Helper()
	heads, err := s.Heads(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s.heard.mu.Lock()
	heard := map[session.PoolID][]session.Event{}
	for _, e := range s.heard.events {
		heard[e.Pool] = append(heard[e.Pool], e)
	}
	s.heard.mu.Unlock()
	for _, p := range heads {
		logged, err := s.EventsAfter(t.Context(), p.ID, s.start[p.ID], 1000)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.EqualFunc(logged, heard[p.ID], sameEvent) {
			t.Errorf("pool %d: %d events are in the log, %d were delivered", p.ID, len(logged), len(heard[p.ID]))
		}
		if int64(len(logged)) != p.LogSeq-s.start[p.ID] {
			t.Errorf("pool %d: %d events in the log, numbered up to %d from %d", p.ID, len(logged), p.LogSeq, s.start[p.ID])
		}
		count := map[session.SeatState]int{}
		_, entries, err := s.Snapshot(t.Context(), p.ID)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			count[e.State]++
		}
		want := map[session.SeatState]int{session.Held: p.Held, session.Grace: p.Grace, session.Offered: p.Offered}
		for state, n := range want {
			if count[state] != n {
				t.Errorf("pool %d counts %d seats %s, and has %d", p.ID, n, state, count[state])
			}
		}
	}
}

// limit says how many pages the database may have: 0 is as many as there are.
func (s *scene) limit(t *testing.T, pages int64) {
	t.Helper()
	err := s.control(func(w *writer) error {
		if err := w.connect(); err != nil {
			return err
		}
		if pages == 0 {
			if err := w.conn.query(`PRAGMA page_count`, func(r row) error { pages = r.int64(0); return nil }); err != nil {
				return err
			}
		}
		s.faults.mu.Lock()
		s.faults.max = pages
		s.faults.mu.Unlock()
		w.disconnect()
		return w.connect()
	})
	if err != nil {
		t.Fatal(err)
	}
}
