package login

import (
	"context"
	"errors"
	"log/slog"
	"testing"

	"github.com/turnike/turnike/internal/account"
	"github.com/turnike/turnike/internal/session"
	"github.com/turnike/turnike/internal/store/storetest"
)

// memoryAccounts adds what logins need to the store in memory.
type memoryAccounts struct {
	*storetest.Memory
	users   map[string]session.User // by name, with their password hashes
	poolErr error                   // of PoolName
}

func (a *memoryAccounts) UserByName(_ context.Context, name string) (session.User, error) {
	u, ok := a.users[account.Canonical(name)]
	if !ok {
		return session.User{}, session.ErrNoUser
	}
	return u, nil
}

func (a *memoryAccounts) Rehash(context.Context, string, string, string) error { return nil }

func (a *memoryAccounts) PoolName(context.Context, session.PoolID) (string, error) {
	return "default", a.poolErr
}

func (a *memoryAccounts) LogEvents(context.Context, []session.Event) error { return nil }

// newService returns a service with the accounts bob and eve, who is disabled, and
// with hashes that cost little.
func newService(t *testing.T, l Limits) (*Service, *memoryAccounts) {
	t.Helper()
	hasher, err := account.NewHasher(account.HasherConfig{Parameters: account.Parameters{Memory: 8, Time: 1, Threads: 1}})
	if err != nil {
		t.Fatal(err)
	}
	a := &memoryAccounts{Memory: storetest.NewMemory(), users: make(map[string]session.User)}
	for _, name := range []string{"bob", "eve"} {
		id, err := a.AddUser(t.Context(), name, account.RoleUser, storetest.Pool)
		if err != nil {
			t.Fatal(err)
		}
		hash, err := hasher.Hash(t.Context(), name+"'s password")
		if err != nil {
			t.Fatal(err)
		}
		a.users[name] = session.User{ID: id, Name: name, Role: account.RoleUser, Pool: storetest.Pool, CredVersion: 1,
			PasswordHash: hash, Disabled: name == "eve"}
	}
	log := slog.New(slog.DiscardHandler)
	return New(Config{Core: session.New(a, session.DefaultRules(), log), Accounts: a, Hasher: hasher, Limits: l, Log: log}), a
}

// TestLogin checks the result of a login: whose account it was is known after a refusal
// too, and the proof is asked for only after the password was right.
func TestLogin(t *testing.T) {
	for name, c := range map[string]struct {
		request Request
		user    string
		err     error
	}{
		"right":          {Request{Name: " BOB", Password: "bob's password"}, "bob", nil},
		"wrong password": {Request{Name: "bob", Password: "eve's password"}, "bob", session.ErrInvalidCredentials},
		"disabled":       {Request{Name: "eve", Password: "eve's password"}, "eve", session.ErrInvalidCredentials},
		"no account":     {Request{Name: "bob's password", Password: "x"}, "", session.ErrInvalidCredentials},
	} {
		t.Run(name, func(t *testing.T) {
			s, a := newService(t, limitsOf(5, 0, 0))
			c.request.Device = ReadDevice("")
			asked := ""
			c.request.Proof = func(user string) string { asked = user; return "" }
			got, err := s.Login(t.Context(), c.request)
			if !errors.Is(err, c.err) || got.User.Name != c.user {
				t.Fatalf("user %q, %v", got.User.Name, err)
			}
			opened := got.Session.ID != "" && got.Session.User == a.users["bob"].ID && got.Pool == "default"
			if opened != (err == nil) || (asked != "") != (err == nil) {
				t.Errorf("%+v; the proof of %q was asked for", got, asked)
			}
			if failed := written(t, &s.failed); (err == nil) != (len(failed) == 0) {
				t.Errorf("%d failed logins are counted", len(failed))
			}
		})
	}
}

// TestSEC07_KnownAfterALogin checks that a device is known once it was logged in from, and
// keeps its own count.
func TestSEC07_KnownAfterALogin(t *testing.T) {
	s, _ := newService(t, limitsOf(1, 0, 0))
	first := ReadDevice("")
	if first.Shown {
		t.Fatal("a new device was shown")
	}
	bob := Request{Name: "bob", Password: "bob's password", Device: first}
	if _, err := s.Login(t.Context(), bob); err != nil {
		t.Fatal(err)
	}
	stranger := Request{Name: "bob", Password: "x", Device: ReadDevice("")}
	if _, err := s.Login(t.Context(), stranger); !errors.Is(err, session.ErrInvalidCredentials) {
		t.Fatal(err)
	}
	if _, err := s.Login(t.Context(), stranger); !isThrottled(err) || s.Stats().Throttled["account"] != 1 {
		t.Fatalf("%v, %v", err, s.Stats())
	}
	bob.Device = ReadDevice(first.Value)
	if _, err := s.Login(t.Context(), bob); err != nil {
		t.Errorf("the known device: %v", err)
	}
}

// TestLoginEndsNothingWhenItFails checks that whatever can fail comes before the login,
// which ends other sessions.
func TestLoginEndsNothingWhenItFails(t *testing.T) {
	s, a := newService(t, Limits{})
	bob := Request{Name: "bob", Password: "bob's password", Device: ReadDevice("")}
	first, err := s.Login(t.Context(), bob)
	if err != nil {
		t.Fatal(err)
	}
	a.poolErr = session.ErrUnavailable
	if got, err := s.Login(t.Context(), bob); !errors.Is(err, session.ErrUnavailable) || got.User.Name != "bob" {
		t.Fatalf("%+v, %v", got, err)
	}
	if _, _, err := s.core.Session(t.Context(), first.Session.ID); err != nil {
		t.Errorf("the first session: %v", err)
	}
}

func isThrottled(err error) bool {
	_, ok := errors.AsType[*ThrottledError](err)
	return ok
}
