package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"modernc.org/sqlite"

	"github.com/turnike/turnike/internal/account"
	"github.com/turnike/turnike/internal/session"
	"github.com/turnike/turnike/internal/store"
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
			if kind == faultInRows && !strings.HasPrefix(query, "SELECT") || kind == faultAfter && query != `COMMIT` {
				continue // the same as another kind
			}
			t.Run(fmt.Sprintf("%s/%d", kind, at+1), func(t *testing.T) {
				t.Parallel()
				s := openScene(t, from)
				s.faults.arm(kind, at+1)
				steps := s.steps(t)
				answers := s.together(t, steps)
				s.faults.arm("", 0)
				s.check(t, steps, answers)
				if _, err := s.core.Login(t.Context(), session.ByCLI("test"), session.Login{User: s.ids["cem"], Issued: true}); err != nil {
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
	var users []store.NewUser
	for i := range 500 {
		users = append(users, store.NewUser{Name: fmt.Sprint("user", i), Role: account.RoleUser})
	}
	steps := s.steps(t)
	steps = append(steps, step{name: "many accounts", run: func(ctx context.Context) error { return s.CreateUsers(ctx, session.ByCLI("test"), users) },
		shows: func(map[string]store.SessionRow) bool {
			_, err := s.UserByName(t.Context(), "user499")
			return err == nil
		}})
	answers := s.together(t, steps)
	s.check(t, steps, answers)
	if answers[len(answers)-1] == nil {
		t.Error("500 accounts found a place in a full database")
	}
	s.limit(t, 1<<30)
	if _, err := s.core.Login(t.Context(), session.ByCLI("test"), session.Login{User: s.ids["cem"], Issued: true}); err != nil {
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
	if _, err := s.CreatePool(t.Context(), session.ByCLI("test"), "second", 7); err != nil {
		t.Fatal(err)
	}
	if o, err := s.Occupancy(t.Context()); err != nil || len(o.Pools) != 2 {
		t.Errorf("pools %v, %v", o.Pools, err)
	}
}
