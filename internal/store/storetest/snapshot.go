package storetest

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/turnike/turnike/internal/session"
)

// testSnapshot takes snapshots while seats come and go.
func testSnapshot(t *testing.T, b Backend) {
	s := b.Open(t)
	c := core(s)
	setLimit(t, c, 20)
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for _, name := range []string{"a", "b", "c", "d"} {
		user := addUser(t, s, name)
		wg.Go(func() {
			for ctx.Err() == nil {
				if err := visit(t.Context(), c, user); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for range 200 {
		p, entries, err := s.Snapshot(t.Context(), Pool)
		held := 0
		for _, e := range entries {
			if e.State == session.Held {
				held++
			}
			if (e.State == session.Held) != (e.Connections > 0) {
				t.Errorf("entry %+v", e)
			}
		}
		if err != nil || p.Used() != len(entries) || p.Held != held {
			t.Errorf("pool %+v, entries %+v, %v", p, entries, err)
		}
	}
	cancel()
	wg.Wait()
	if _, _, err := s.Snapshot(t.Context(), 99); !errors.Is(err, session.ErrNoPool) {
		t.Errorf("no pool: %v", err)
	}
}

// visit logs a user in, takes a seat and gives it back.
func visit(ctx context.Context, c *session.Core, user string) error {
	in, err := c.Login(ctx, session.ByCLI("test"), session.Login{User: user, Issued: true})
	if err == nil {
		err = c.Register(ctx, session.ByUser(user), session.Registration{User: user, Session: in.ID, Conn: in.ID})
	}
	if err == nil {
		err = c.Leave(ctx, session.ByUser(user), session.Disconnect{User: user, Conn: in.ID, Clean: true})
	}
	return err
}
