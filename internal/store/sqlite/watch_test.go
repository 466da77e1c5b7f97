package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/turnike/turnike/internal/account"
	"github.com/turnike/turnike/internal/session"
)

// nowhere is a database that cannot be reached.
type nowhere struct{ driver.Connector }

func (nowhere) Connect(context.Context) (driver.Conn, error) { return nil, errors.New("unreachable") }

func TestALogThatWasPrunedIsLost(t *testing.T) {
	b := backend(t, func(o *Options) { o.watch = time.Hour })
	server, command := b.Open(t).(suiteStore).Store, b.Open(t).(suiteStore).Store
	var heard collector
	if err := server.Listen("server", heard.add); err != nil {
		t.Fatal(err)
	}
	user := addUser(t, command, "ada")
	later := time.Now().Add(time.Hour)
	if err := command.Prune(t.Context(), later, later, later); err != nil {
		t.Fatal(err)
	}
	core := session.New(server, session.DefaultRules(), quiet())
	if _, err := core.Login(t.Context(), session.ByCLI("test"), session.Login{User: user.ID, Issued: true}); err != nil {
		t.Fatal(err)
	}
	if len(heard.events) != 2 || heard.events[0].Type != session.LogLost || heard.events[0].Pool != 1 || heard.events[0].Limit != 3 ||
		heard.events[1].Type != session.SessionStarted || heard.events[1].LogSeq != heard.events[0].LogSeq+1 {
		t.Errorf("the listener was handed %+v", heard.events)
	}
}

func TestManyForeignEvents(t *testing.T) {
	b := backend(t)
	server, command := b.Open(t).(suiteStore).Store, b.Open(t).(suiteStore).Store
	if _, err := command.CreatePool(t.Context(), session.ByCLI("test"), "second", 7); err != nil {
		t.Fatal(err)
	}
	var heard collector
	if err := server.Listen("server", heard.add); err != nil {
		t.Fatal(err)
	}
	users := make([]NewUser, 2*slice+500)
	for i := range users {
		users[i] = NewUser{Name: fmt.Sprintf("user%04d", i), Role: account.RoleUser, Pool: []string{"", "second"}[i%2]}
	}
	if err := command.CreateUsers(t.Context(), session.ByCLI("test"), users); err != nil {
		t.Fatal(err)
	}
	if _, err := command.CreatePool(t.Context(), session.ByCLI("test"), "third", 1); err != nil { // of which the server knows nothing
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := command.WaitApplied(ctx); err != nil {
		t.Fatal(err)
	}
	last := map[session.PoolID]int64{1: 0, 2: 1, 3: 0}
	for _, e := range heard.events {
		if last[e.Pool]++; e.LogSeq != last[e.Pool] {
			t.Fatalf("event %d of pool %d, want %d", e.LogSeq, e.Pool, last[e.Pool])
		}
	}
	if len(heard.events) != len(users)+1 || last[3] != 1 {
		t.Errorf("%d events, %v", len(heard.events), last)
	}
}

func TestWaitApplied(t *testing.T) {
	b := backend(t) // holds the server's lock
	s := b.Open(t).(suiteStore).Store
	if err := s.WaitApplied(t.Context()); err != nil {
		t.Errorf("nothing was committed: %v", err)
	}
	addUser(t, s, "ada")
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	if err := s.WaitApplied(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the server applies nothing: %v", err)
	}

	alone, err := Open(t.Context(), Options{Dir: t.TempDir(), Log: quiet()})
	if err != nil {
		t.Fatal(err)
	}
	defer alone.Close()
	addUser(t, alone, "ada")
	if err := alone.WaitApplied(t.Context()); err != nil {
		t.Errorf("no server runs: %v", err)
	}
}
