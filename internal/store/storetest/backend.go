package storetest

import (
	"context"
	"log/slog"
	"testing"

	"github.com/turnike/turnike/internal/account"
	"github.com/turnike/turnike/internal/session"
	"github.com/turnike/turnike/internal/store"
)

// Pool is the pool that the suite uses: a new database has it, empty, with a
// limit of three.
const Pool session.PoolID = 1

// Store is what the suite checks: all ports of a store.
type Store = store.Store

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

// AddUser creates an account without a password and returns its id.
func AddUser(ctx context.Context, s Store, name string, role account.Role, pool session.PoolID) (string, error) {
	pools, err := s.Pools(ctx)
	if err != nil {
		return "", err
	}
	for _, p := range pools {
		if p.ID != pool {
			continue
		}
		if err := s.CreateUsers(ctx, session.ByCLI("test"), []store.NewUser{{Name: name, Role: role, Pool: p.Name}}); err != nil {
			return "", err
		}
		u, err := s.UserByName(ctx, name)
		return u.ID, err
	}
	return "", session.ErrNoPool
}

// snapshot returns a pool and everyone inside by user id, as of one commit.
func snapshot(ctx context.Context, s Store, pool session.PoolID) (session.Pool, map[string]store.Entry, error) {
	p, entries, err := s.Snapshot(ctx, pool)
	byUser := make(map[string]store.Entry, len(entries))
	for _, e := range entries {
		byUser[e.User] = e
	}
	return p, byUser, err
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
	id, err := AddUser(t.Context(), s, name, account.RoleUser, Pool)
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

func inside(t testing.TB, s Store) (session.Pool, map[string]store.Entry) {
	t.Helper()
	p, entries, err := snapshot(t.Context(), s, Pool)
	if err != nil {
		t.Fatal(err)
	}
	return p, entries
}
