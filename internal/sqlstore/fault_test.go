package sqlstore

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"modernc.org/sqlite"

	"github.com/turnike/turnike/internal/account"
	"github.com/turnike/turnike/internal/session"
)

// faultKind is what a statement does instead of what it should.
type faultKind string

const (
	faultLeaves   faultKind = "fails, and SQLite rolls the transaction back" // SQLITE_IOERR, SQLITE_NOMEM
	faultStands   faultKind = "fails, and the transaction stands"            // SQLITE_FULL with a statement journal
	faultInRows   faultKind = "fails in its rows, and SQLite rolls back"     // a page that cannot be read
	faultAfter    faultKind = "takes effect and reports an error"            // a COMMIT of unknown outcome
	faultForever  faultKind = "and all after it fail, and SQLite rolls back" // a disk that is gone
	faultStanding faultKind = "and all after it fail, and the transaction stands"
)

var errDisk = errors.New("disk I/O error (injected)")

// faults makes connections whose statements fail at a chosen place.
type faults struct {
	driver.Connector

	mu   sync.Mutex // guards the rest
	kind faultKind
	at   int      // the statement that fails, counted from 1; 0 for none
	seen []string // the statements since arm
	max  int64    // pages of the database; 0 is any number
}

func (f *faults) arm(kind faultKind, at int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.kind, f.at, f.seen = kind, at, nil
}

func (f *faults) statements() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.seen)
}

// next counts a statement and returns the fault that it meets, "" for none.
func (f *faults) next(query string) faultKind {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.seen = append(f.seen, query)
	n, lasting := len(f.seen), f.kind == faultForever || f.kind == faultStanding
	if f.at == 0 || n < f.at || n > f.at && !lasting {
		return ""
	}
	return f.kind
}

func (f *faults) Connect(ctx context.Context) (driver.Conn, error) {
	c, err := f.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.max > 0 {
		one := &conn{driver: c, stmts: map[string]driver.Stmt{}}
		err = one.query(fmt.Sprintf(`PRAGMA max_page_count = %d`, f.max), func(row) error { return nil })
	}
	return &faultyConn{Conn: c, faults: f}, err
}

type faultyConn struct {
	driver.Conn
	faults *faults
}

func (c *faultyConn) Prepare(query string) (driver.Stmt, error) {
	s, err := c.Conn.Prepare(query)
	if err != nil {
		return nil, err
	}
	return &faultyStmt{Stmt: s, conn: c, query: query}, nil
}

func (c *faultyConn) RegisterRollbackHook(fn sqlite.RollbackHookFn) {
	c.Conn.(sqlite.HookRegisterer).RegisterRollbackHook(fn)
}

// leave is what SQLite does by itself at some errors.
func (c *faultyConn) leave() {
	s, err := c.Conn.Prepare(`ROLLBACK`)
	if err != nil {
		return
	}
	defer s.Close()
	_, _ = s.(driver.StmtExecContext).ExecContext(context.Background(), nil) // there may be no transaction
}

type faultyStmt struct {
	driver.Stmt
	conn  *faultyConn
	query string
}

func (s *faultyStmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	kind := s.conn.faults.next(s.query)
	switch kind {
	case faultLeaves, faultInRows, faultForever:
		s.conn.leave()
		return nil, errDisk
	case faultStands, faultStanding:
		return nil, errDisk
	}
	res, err := s.Stmt.(driver.StmtExecContext).ExecContext(ctx, args)
	if kind == faultAfter {
		err = errors.Join(errDisk, err)
	}
	return res, err
}

func (s *faultyStmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	kind := s.conn.faults.next(s.query)
	switch kind {
	case faultLeaves, faultForever:
		s.conn.leave()
		return nil, errDisk
	case faultStands, faultStanding:
		return nil, errDisk
	}
	rows, err := s.Stmt.(driver.StmtQueryContext).QueryContext(ctx, args)
	if err != nil || kind == "" {
		return rows, err
	}
	if kind == faultInRows {
		s.conn.leave()
	}
	return faultyRows{rows}, nil
}

type faultyRows struct{ driver.Rows }

func (faultyRows) Next([]driver.Value) error { return errDisk }

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
	if _, err := s.CreatePool(t.Context(), "second", 1); err != nil {
		t.Fatal(err)
	}
	var users []NewUser
	for i, name := range sceneNames {
		users = append(users, NewUser{Name: name, Role: account.RoleUser, Pool: []string{"default", "second"}[i/4]})
	}
	if err := s.CreateUsers(t.Context(), users); err != nil {
		t.Fatal(err)
	}
	core := session.New(s, session.DefaultRules(), session.NewClock(), quiet())
	for _, name := range sceneNames {
		u, err := s.UserByName(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		in, err := core.Login(t.Context(), session.Login{User: u.ID, Issued: true})
		if err != nil {
			t.Fatal(err)
		}
		if name == "bob" || name == "gus" {
			continue
		}
		if err := core.Register(t.Context(), session.Registration{User: u.ID, Session: in.ID, Conn: "of " + name}); err != nil {
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
	s.core = session.New(store, session.DefaultRules(), session.NewClock(), quiet())
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
func (s *scene) rows(t *testing.T) map[string]SessionRow {
	t.Helper()
	rows, err := s.Sessions(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]SessionRow{}
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
	shows   func(rows map[string]SessionRow) bool
}

func (s *scene) steps(t *testing.T) []step {
	var ada, eve session.Session
	return []step{
		{name: "login of ada", run: func(ctx context.Context) (err error) {
			ada, err = s.core.Login(ctx, session.Login{User: s.ids["ada"], Issued: true})
			return err
		}, shows: func(rows map[string]SessionRow) bool {
			return rows["ada"].ID != s.live["ada"] && (ada.ID == "" || rows["ada"].ID == ada.ID)
		}},
		{name: "touch of cem", run: func(ctx context.Context) error {
			return s.core.Touch(ctx, map[string]time.Time{s.live["cem"]: sceneTouched})
		}, shows: func(rows map[string]SessionRow) bool { return rows["cem"].LastActive.Equal(sceneTouched) }},
		{name: "login of nobody", run: func(ctx context.Context) error {
			_, err := s.core.Login(ctx, session.Login{User: "nobody", Issued: true})
			return err
		}, refused: true},
		{name: "leaving of dora", run: func(ctx context.Context) error {
			return s.core.Leave(ctx, session.Leaving{User: s.ids["dora"], Conn: "of dora", Clean: true})
		}, shows: func(rows map[string]SessionRow) bool { return !rows["dora"].Connected }},
		{name: "registration of gus", run: func(ctx context.Context) error {
			return s.core.Register(ctx, session.Registration{User: s.ids["gus"], Session: s.live["gus"], Conn: "of gus"})
		}, refused: true},
		{name: "registration of bob", run: func(ctx context.Context) error {
			return s.core.Register(ctx, session.Registration{User: s.ids["bob"], Session: s.live["bob"], Conn: "of bob"})
		}, shows: func(rows map[string]SessionRow) bool { return rows["bob"].Connected }},
		{name: "new account", run: func(ctx context.Context) error {
			return s.CreateUsers(ctx, []NewUser{{Name: "fay", Role: account.RoleUser}})
		}, shows: func(map[string]SessionRow) bool {
			_, err := s.UserByName(t.Context(), "fay")
			return err == nil
		}},
		{name: "login of eve", run: func(ctx context.Context) (err error) {
			eve, err = s.core.Login(ctx, session.Login{User: s.ids["eve"], Issued: true})
			return err
		}, shows: func(rows map[string]SessionRow) bool {
			return rows["eve"].ID != s.live["eve"] && (eve.ID == "" || rows["eve"].ID == eve.ID)
		}},
		{name: "note", run: func(ctx context.Context) error { return s.SetMeta(ctx, "note", "made") },
			shows: func(map[string]SessionRow) bool {
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

// Whatever statement of a batch fails, and however: what is answered, what is
// delivered and what is in the database agree [I4, I6, K6].
func TestI6_AFaultAtAnyStatement(t *testing.T) {
	from := prepareScene(t)
	plain := openScene(t, from)
	plain.faults.arm("", 0)
	steps := plain.steps(t)
	answers := plain.together(t, steps)
	statements := plain.faults.statements()
	plain.check(t, steps, answers)
	for i, err := range answers {
		if err != nil && !steps[i].refused {
			t.Fatalf("%s, without a fault: %v", steps[i].name, err)
		}
	}
	if len(statements) < 30 || !slices.Contains(statements, `COMMIT`) || plain.Stats().Batches < 1 {
		t.Fatalf("the batch is no batch: %q", statements)
	}
	for _, kind := range []faultKind{faultLeaves, faultStands, faultInRows, faultAfter, faultForever, faultStanding} {
		for at, query := range statements {
			t.Run(fmt.Sprintf("%s/%d", kind, at+1), func(t *testing.T) {
				t.Parallel()
				s := openScene(t, from)
				s.faults.arm(kind, at+1)
				steps := s.steps(t)
				answers := s.together(t, steps)
				s.faults.arm("", 0)
				s.check(t, steps, answers)
				if _, err := s.core.Login(t.Context(), session.Login{User: s.ids["cem"], Issued: true}); err != nil {
					t.Errorf("after it: %v", err)
				}
				s.checkLog(t)
				if t.Failed() {
					t.Logf("the fault was at %q", query)
				}
			})
		}
	}
}

// What a rule or a constraint refuses is its request's affair: its companions
// in the batch are served.
func TestARefusedStatementIsItsRequestsAlone(t *testing.T) {
	s := openScene(t, prepareScene(t))
	steps := s.steps(t)
	twice := step{name: "a row twice", refused: true, run: func(ctx context.Context) error {
		return s.write(ctx, func(t *tx) error {
			_, err := t.exec(`INSERT INTO meta (key, value) VALUES ('twice', ''), ('twice', '')`)
			return err
		})
	}}
	steps = slices.Insert(steps, 2, twice)
	answers := s.together(t, steps)
	s.check(t, steps, answers)
	for i, err := range answers {
		if err != nil && !steps[i].refused {
			t.Errorf("%s: %v", steps[i].name, err)
		}
	}
	if st := s.Stats(); st.Failed != 0 {
		t.Errorf("%d batches failed", st.Failed)
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

// A full database is SQLite's own SQLITE_FULL here: the file may not grow.
func TestI6_AFullDatabase(t *testing.T) {
	s := openScene(t, prepareScene(t))
	s.limit(t, 0)
	var full error
	for i := range 1000 {
		if full = s.SetMeta(t.Context(), fmt.Sprint("filler", i), string(make([]byte, 3000))); full != nil {
			break
		}
	}
	if !errors.Is(full, session.ErrUnavailable) {
		t.Fatalf("filling it up: %v", full)
	}
	var users []NewUser
	for i := range 500 {
		users = append(users, NewUser{Name: fmt.Sprint("user", i), Role: account.RoleUser})
	}
	steps := s.steps(t)
	steps = append(steps, step{name: "many accounts", run: func(ctx context.Context) error { return s.CreateUsers(ctx, users) },
		shows: func(map[string]SessionRow) bool {
			_, err := s.UserByName(t.Context(), "user499")
			return err == nil
		}})
	answers := s.together(t, steps)
	s.check(t, steps, answers)
	if answers[len(answers)-1] == nil {
		t.Error("500 accounts found a place in a full database")
	}
	s.limit(t, 1<<30)
	if _, err := s.core.Login(t.Context(), session.Login{User: s.ids["cem"], Issued: true}); err != nil {
		t.Errorf("after it: %v", err)
	}
	s.checkLog(t)
}

// A batch without events is proved by its mark [writer.outcome].
func TestI6_ACommitWithoutEventsIsReadBack(t *testing.T) {
	from := prepareScene(t)
	for kind, effective := range map[faultKind]bool{faultAfter: true, faultStands: false} {
		t.Run(string(kind), func(t *testing.T) {
			s := openScene(t, from)
			touch := s.steps(t)[1:2]
			s.faults.arm("", 0)
			s.check(t, touch, s.together(t, touch))
			statements := s.faults.statements()
			if last := statements[len(statements)-1]; last != `COMMIT` {
				t.Fatalf("the last statement is %q", last)
			}
			s = openScene(t, from)
			touch = s.steps(t)[1:2]
			s.faults.arm(kind, len(statements))
			answers := s.together(t, touch)
			s.faults.arm("", 0)
			s.check(t, touch, answers)
			if (answers[0] == nil) != effective {
				t.Errorf("touch: %v", answers[0])
			}
		})
	}
}

// A reader whose transaction could not be ended does not stay in it: it would
// show the same moment for ever.
func TestAReaderThatFailedIsRenewed(t *testing.T) {
	s := openStore(t, func(o *Options) { o.Readers = 1 })
	f := &faults{Connector: s.readVia}
	old := <-s.readers
	defer old.close()
	s.readVia = f
	faulty, err := open(f)
	if err != nil {
		t.Fatal(err)
	}
	s.readers <- faulty
	if _, err := s.Occupancy(t.Context()); err != nil {
		t.Fatal(err)
	}
	f.arm("", 0)
	if _, err := s.Occupancy(t.Context()); err != nil {
		t.Fatal(err)
	}
	f.arm(faultStands, len(f.statements())) // the ROLLBACK
	if _, err := s.Occupancy(t.Context()); !errors.Is(err, session.ErrUnavailable) {
		t.Fatalf("reading: %v", err)
	}
	f.arm("", 0)
	if _, err := s.CreatePool(t.Context(), "second", 7); err != nil {
		t.Fatal(err)
	}
	if o, err := s.Occupancy(t.Context()); err != nil || len(o.Pools) != 2 {
		t.Errorf("pools %v, %v", o.Pools, err)
	}
}
