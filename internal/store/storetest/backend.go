package storetest

import (
	"context"
	"log/slog"
	"testing"

	"github.com/turnike/turnike/internal/account"
	"github.com/turnike/turnike/internal/session"
)

// Pool is the pool that the suite uses: a new database has it, empty, with a
// limit of three.
const Pool session.PoolID = 1

// Store is a session.Store with what the suite needs around it.
type Store interface {
	session.Store
	// AddUser makes an account in a pool and returns its id.
	AddUser(ctx context.Context, name string, role account.Role, pool session.PoolID) (string, error)
	// FindUser returns the id of the account with that name: session.ErrNoUser
	// where there is none, or it was deleted.
	FindUser(ctx context.Context, name string) (string, error)
	// KnownDevice tells whether the user has logged in from a device.
	KnownDevice(ctx context.Context, user string, hash []byte) (bool, error)
	// Inside returns a pool and its seats' users, as of one commit.
	Inside(ctx context.Context, pool session.PoolID) (session.Pool, map[string]Entry, error)
	// Epoch is what Restart was given last.
	Epoch(ctx context.Context) (string, error)
	// Listen hands fn every event from now on, before those who caused it are
	// answered.
	Listen(fn func([]session.Event)) error
	// WaitApplied waits until the store that listens has been handed all that
	// this one has committed.
	WaitApplied(ctx context.Context) error
	Close() error
}

// Entry is a seat as presence sees it [P1].
type Entry struct {
	Name        string
	State       session.SeatState
	Connections int
}

// Backend opens stores on one new, empty database.
type Backend struct {
	// Open opens the database. Each store stands for a process of its own; the
	// first one opened is the server, which may listen.
	Open func(t testing.TB) Store
	// Crash opens what a crash at this instant would leave behind, as a
	// database of its own. Nil where nothing outlives the process; then a
	// second Open and a reopening are not tested either.
	Crash func(t testing.TB) Store
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// core makes a core with rules on a store.
func core(s session.Store, change ...func(*session.Rules)) *session.Core {
	rules := session.DefaultRules()
	for _, fn := range change {
		fn(&rules)
	}
	return session.New(s, rules, quiet())
}

func setLimit(t testing.TB, c *session.Core, limit int) {
	t.Helper()
	if err := c.ChangePool(t.Context(), session.ByCLI("test"), Pool, session.PoolChange{Limit: &limit}); err != nil {
		t.Fatal(err)
	}
}

func addUser(t testing.TB, s Store, name string) string {
	t.Helper()
	id, err := s.AddUser(t.Context(), name, account.RoleUser, Pool)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func login(t testing.TB, c *session.Core, user string) session.Session {
	t.Helper()
	s, err := c.Login(t.Context(), session.ByCLI("test"), session.Login{User: user, Issued: true})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func register(t testing.TB, c *session.Core, s session.Session, conn string) {
	t.Helper()
	if err := c.Register(t.Context(), session.ByUser(s.User), session.Registration{User: s.User, Session: s.ID, Conn: conn}); err != nil {
		t.Fatal(err)
	}
}

func inside(t testing.TB, s Store) (session.Pool, map[string]Entry) {
	t.Helper()
	p, entries, err := s.Inside(t.Context(), Pool)
	if err != nil {
		t.Fatal(err)
	}
	return p, entries
}
