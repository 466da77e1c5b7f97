package sqlite

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/turnike/turnike/internal/account"
	"github.com/turnike/turnike/internal/session"
	"github.com/turnike/turnike/internal/store"
)

// callers is how many ask at once where the figures speak of a group commit.
const callers = 256

type bench struct {
	store *Store
	core  *session.Core
	users []session.User
}

// newBench makes a store with users in a pool that has room for all.
func newBench(b *testing.B, users int) *bench {
	ctx := context.Background()
	s, err := Open(ctx, Options{Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Close() })
	limit := users
	core := session.New(s, session.DefaultRules(), slog.Default())
	if err := core.ChangePool(ctx, session.ByCLI("test"), 1, session.PoolChange{Limit: &limit}); err != nil {
		b.Fatal(err)
	}
	made := make([]store.NewUser, users)
	for i := range made {
		made[i] = store.NewUser{Name: fmt.Sprintf("user%06d", i), Role: account.RoleUser, PasswordHash: "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$vG3NQ1dXJ0gY0w5wS0P4cY9iY2R5C2tqf0q1Ww3Z0aE"}
	}
	if err := s.CreateUsers(ctx, session.ByCLI("test"), made); err != nil {
		b.Fatal(err)
	}
	out := &bench{store: s, core: core}
	for _, u := range made {
		x, err := s.UserByName(ctx, u.Name)
		if err != nil {
			b.Fatal(err)
		}
		out.users = append(out.users, x)
	}
	if err := s.Listen("bench", func([]session.Event) {}); err != nil {
		b.Fatal(err)
	}
	return out
}

// measure runs op from many callers and reports the CPU time of an operation,
// which is steadier than the clock on a shared machine.
func measure(b *testing.B, op func(i int) error) {
	var next atomic.Int64
	var failed atomic.Pointer[error]
	cpu, start := cpuTime(), time.Now()
	b.ResetTimer()
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= b.N {
					return
				}
				if err := op(i); err != nil {
					failed.Store(&err)
					return
				}
			}
		})
	}
	wg.Wait()
	b.StopTimer()
	if err := failed.Load(); err != nil {
		b.Fatal(*err)
	}
	b.ReportMetric(float64((cpuTime()-cpu).Microseconds())/float64(b.N), "cpu-µs/op")
	b.ReportMetric(float64(b.N)/time.Since(start).Seconds(), "op/s")
}

func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkRegister is a durable admission: a user with a session takes a seat.
func BenchmarkRegister(b *testing.B) {
	x := newBench(b, b.N)
	ctx := context.Background()
	sessions := make([]session.Session, b.N)
	measure(b, func(i int) (err error) {
		sessions[i], err = x.core.Login(ctx, session.ByUser(x.users[i].ID), session.Login{User: x.users[i].ID, CredVersion: 1, Device: "Firefox on Linux", Address: "192.0.2.1"})
		return err
	})
	measure(b, func(i int) error {
		return x.core.Register(ctx, session.ByUser(x.users[i].ID), session.Registration{User: x.users[i].ID, Session: sessions[i].ID, Conn: "conn" + sessions[i].ID})
	})
	st := x.store.Stats()
	b.ReportMetric(float64(st.Requests)/float64(st.Batches), "requests/commit")
}

// BenchmarkLogin opens sessions; every user has none.
func BenchmarkLogin(b *testing.B) {
	x := newBench(b, b.N)
	ctx := context.Background()
	measure(b, func(i int) error {
		_, err := x.core.Login(ctx, session.ByUser(x.users[i].ID), session.Login{User: x.users[i].ID, CredVersion: 1, Device: "Firefox on Linux", Address: "192.0.2.1"})
		return err
	})
}

// BenchmarkSession is the check behind every request [SEC-26].
func BenchmarkSession(b *testing.B) {
	x := newBench(b, 200)
	ctx := context.Background()
	ids := make([]string, 200)
	for i, u := range x.users {
		s, err := x.core.Login(ctx, session.ByUser(u.ID), session.Login{User: u.ID, CredVersion: 1, Device: "Firefox on Linux", Address: "192.0.2.1"})
		if err != nil {
			b.Fatal(err)
		}
		ids[i] = s.ID
	}
	i := 0
	cpu := cpuTime()
	for b.Loop() {
		if _, _, err := x.store.Session(ctx, ids[i%len(ids)]); err != nil {
			b.Fatal(err)
		}
		i++
	}
	b.ReportMetric(float64((cpuTime()-cpu).Microseconds())/float64(b.N), "cpu-µs/op")
}
