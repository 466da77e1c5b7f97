package sqlite

import (
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
	"github.com/turnike/turnike/internal/store"
	"github.com/turnike/turnike/internal/store/storetest"
)

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// backend is a data directory of its own, with a server's lock on it.
func backend(t testing.TB, change ...func(*Options)) storetest.Backend {
	dir := t.TempDir()
	lock, err := LockDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { lock.Close() })
	if err := lock.Serve(); err != nil {
		t.Fatal(err)
	}
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
		})
		return s
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

// openStore opens a store on a new directory.
func openStore(t testing.TB, change ...func(*Options)) *Store {
	t.Helper()
	s := backend(t, change...).Open(t).(*Store)
	t.Cleanup(func() {
		if n := s.Stats().Breaches; n > 0 {
			t.Errorf("%d changes broke an invariant", n)
		}
	})
	return s
}

func addUser(t testing.TB, s *Store, name string) session.User {
	t.Helper()
	if err := s.CreateUsers(t.Context(), session.ByCLI("test"), []store.NewUser{{Name: name, Role: account.RoleUser}}); err != nil {
		t.Fatal(err)
	}
	u, err := s.UserByName(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return u
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
