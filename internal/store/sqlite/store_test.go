package sqlite

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"testing/synctest"
	"time"

	"github.com/turnike/turnike/internal/account"
	"github.com/turnike/turnike/internal/session"
	"github.com/turnike/turnike/internal/store/storetest"
)

// suiteStore is a Store as the suite wants it.
type suiteStore struct{ *Store }

func (s suiteStore) AddUser(ctx context.Context, name string, role account.Role, pool session.PoolID) (string, error) {
	pools, err := s.Pools(ctx)
	if err != nil {
		return "", err
	}
	for _, p := range pools {
		if p.ID == pool {
			if err := s.CreateUsers(ctx, session.ByCLI("test"), []NewUser{{Name: name, Role: role, Pool: p.Name}}); err != nil {
				return "", err
			}
		}
	}
	return s.FindUser(ctx, name)
}

func (s suiteStore) FindUser(ctx context.Context, name string) (string, error) {
	u, err := s.UserByName(ctx, name)
	return u.ID, err
}

func (s suiteStore) Inside(ctx context.Context, pool session.PoolID) (session.Pool, map[string]storetest.Entry, error) {
	p, entries, err := s.Snapshot(ctx, pool)
	out := make(map[string]storetest.Entry, len(entries))
	for _, e := range entries {
		out[e.User] = storetest.Entry{Name: e.Name, State: e.State, Connections: e.Connections}
	}
	return p, out, err
}

func (s suiteStore) Listen(fn func([]session.Event)) error { return s.Store.Listen("server", fn) }

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// backend is a data directory of its own, with a server's lock on it.
func backend(t testing.TB, change ...func(*Options)) storetest.Backend {
	dir := t.TempDir()
	lock, err := LockDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { lock.Close() })
	at := func(t testing.TB, dir string) storetest.Store {
		opts := Options{Dir: dir, Log: quiet()}
		for _, fn := range change {
			fn(&opts)
		}
		s, err := Open(t.Context(), opts)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
			if st := s.Stats(); st.Breaches > 0 {
				t.Errorf("%d changes broke an invariant", st.Breaches)
			}
		})
		return suiteStore{s}
	}
	return storetest.Backend{
		Open: func(t testing.TB) storetest.Store { return at(t, dir) },
		// What a process leaves behind when it is killed is the files as they
		// are, the log not yet moved into the database included.
		Crash: func(t testing.TB) storetest.Store {
			left := t.TempDir()
			for _, name := range []string{File, File + "-wal"} {
				copyFile(t, filepath.Join(dir, name), filepath.Join(left, name))
			}
			return at(t, left)
		},
	}
}

func copyFile(t testing.TB, from, to string) {
	t.Helper()
	in, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	if _, err := io.Copy(out, in); err != nil {
		t.Fatal(err)
	}
}

func TestSuite(t *testing.T) {
	storetest.Run(t, func(t testing.TB) storetest.Backend { return backend(t) })
}

// TestModel drives the rules over SQLite, and compares every state that the
// mirror gives with the one that is read.
func TestModel(t *testing.T) {
	for seed := range uint64(4) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel() // they wait for the disk
			synctest.Test(t, func(t *testing.T) {
				r := rand.New(rand.NewPCG(seed, 1))
				s := backend(t, func(o *Options) {
					o.verify = sameState
					o.watch = time.Hour // nobody else is there, and sleeping through ticks takes its time
				}).Open(t)
				defer s.Close()
				draw := func(_ string, n int) int { return r.IntN(n) }
				if err := storetest.Model(t.Context(), s, draw, 120); err != nil {
					t.Fatal(err)
				}
			})
		})
	}
}

// sameState compares what the mirror says with what is read.
func sameState(mirrored, read loaded) error {
	for _, l := range []*loaded{&mirrored, &read} {
		if len(l.Sessions) == 0 {
			l.Sessions = nil
		}
		if len(l.Conns) == 0 {
			l.Conns = nil
		}
	}
	if !reflect.DeepEqual(mirrored, read) {
		return &session.Breach{What: fmt.Sprintf("the mirror says %+v with seat %+v, the database %+v with seat %+v",
			mirrored, mirrored.Seat, read, read.Seat)}
	}
	return nil
}
