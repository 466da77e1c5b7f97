package session_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/turnike/turnike/internal/account"
	"github.com/turnike/turnike/internal/session"
	"github.com/turnike/turnike/internal/store/storetest"
)

// touches is a store that counts the writes of activity.
type touches struct {
	session.Store
	mu     sync.Mutex // guards the rest
	writes int
	down   bool
}

func (s *touches) Touch(ctx context.Context, active map[string]time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down {
		return session.ErrUnavailable
	}
	s.writes++
	return s.Store.Touch(ctx, active)
}

func (s *touches) set(down bool) (writes int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down = down
	return s.writes
}

func TestA4_Activity(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		memory := storetest.NewMemory()
		store := &touches{Store: memory}
		rules := session.DefaultRules()
		rules.Policy = session.PolicyDeny
		core := session.New(store, rules, slog.New(slog.DiscardHandler))
		ada, err := memory.AddUser(t.Context(), "ada", account.RoleUser, storetest.Pool)
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		go core.Run(ctx, time.Minute, session.Retention{Presence: time.Hour, Audit: time.Hour})

		in, err := core.Login(t.Context(), session.ByUser(ada), session.Login{User: ada, CredVersion: 1})
		if err != nil {
			t.Fatal(err)
		}
		denied := func() bool {
			_, err := core.Login(t.Context(), session.ByUser(ada), session.Login{User: ada, CredVersion: 1})
			_, ok := errors.AsType[*session.ActiveError](err)
			if !ok && err != nil {
				t.Fatal(err)
			}
			return ok
		}
		lastActive := func() time.Time {
			s, _, err := memory.Session(t.Context(), in.ID)
			if err != nil {
				t.Fatal(err)
			}
			return s.LastActive
		}
		// A minute of requests, a thousand a second: protected all the time and
		// after it, at a write every five seconds.
		time.Sleep(5 * time.Minute)
		for range 60 {
			for range 1000 {
				core.Active(in.ID)
			}
			if !denied() {
				t.Fatal("the login was let in a moment after a request")
			}
			time.Sleep(time.Second)
		}
		if n := store.set(false); n > 13 {
			t.Errorf("%d writes in a minute", n)
		}
		time.Sleep(58 * time.Second)
		if !denied() {
			t.Error("not protected 59 s after the last request")
		}

		// What the store refuses is kept; the last words are written at the end.
		store.set(true)
		core.Active(in.ID)
		last := core.Now()
		time.Sleep(30 * time.Second)
		store.set(false)
		time.Sleep(6 * time.Second)
		if at := lastActive(); !at.Equal(last) {
			t.Errorf("last active %v after an outage, want %v", at, last)
		}
		core.Active(in.ID)
		last = core.Now()
		stop()
		synctest.Wait()
		if at := lastActive(); !at.Equal(last) {
			t.Errorf("last active %v after the end, want %v", at, last)
		}
		time.Sleep(61 * time.Second)
		if denied() {
			t.Error("a quiet session locks its owner out")
		}
	})
}

// touching is a store that calls before at the first write of activity.
type touching struct {
	session.Store
	before func()
}

func (s *touching) Touch(ctx context.Context, active map[string]time.Time) error {
	if fn := s.before; fn != nil {
		s.before = nil
		fn()
	}
	return s.Store.Touch(ctx, active)
}

// TestA4_LoginDuringAFlush: activity that is being written protects a session as
// well as what is written.
func TestA4_LoginDuringAFlush(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		memory := storetest.NewMemory()
		store := &touching{Store: memory}
		rules := session.DefaultRules()
		rules.Policy = session.PolicyDeny
		core := session.New(store, rules, slog.New(slog.DiscardHandler))
		ada, err := memory.AddUser(t.Context(), "ada", account.RoleUser, storetest.Pool)
		if err != nil {
			t.Fatal(err)
		}
		login := func() (session.Session, error) {
			return core.Login(t.Context(), session.ByUser(ada), session.Login{User: ada, CredVersion: 1})
		}
		in, err := login()
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Minute)
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		asked := false
		store.before = func() {
			asked = true
			_, err := login()
			if _, ok := errors.AsType[*session.ActiveError](err); !ok {
				t.Errorf("a login replaced a session that was active a moment ago: %v", err)
			}
		}
		go core.Run(ctx, time.Minute, session.Retention{Presence: time.Hour, Audit: time.Hour})
		time.Sleep(time.Second)
		core.Active(in.ID)
		time.Sleep(10 * time.Second)
		stop()
		synctest.Wait()
		if !asked {
			t.Error("nothing was written")
		}
	})
}
