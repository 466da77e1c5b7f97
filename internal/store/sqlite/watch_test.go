package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"testing"
	"time"

	"github.com/turnike/turnike/internal/session"
)

// nowhere is a database that cannot be reached.
type nowhere struct{ driver.Connector }

func (nowhere) Connect(context.Context) (driver.Conn, error) { return nil, errors.New("unreachable") }

func TestALogThatWasPrunedIsLost(t *testing.T) {
	b := backend(t, func(o *Options) { o.watch = time.Hour })
	server, command := b.Open(t).(*Store), b.Open(t).(*Store)
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

func TestWaitApplied(t *testing.T) {
	b := backend(t) // holds the server's lock
	s := b.Open(t).(*Store)
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
