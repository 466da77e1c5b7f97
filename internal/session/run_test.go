package session_test

import (
	"context"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/turnike/turnike/internal/account"
	"github.com/turnike/turnike/internal/session"
	"github.com/turnike/turnike/internal/session/sessiontest"
)

// stuck is a store whose pruning takes until its context ends.
type stuck struct {
	sessiontest.Store
	pruning chan struct{}
}

func (s stuck) Prune(ctx context.Context, _, _, _ time.Time) error {
	s.pruning <- struct{}{}
	<-ctx.Done()
	return ctx.Err()
}

// However long pruning takes, what is over ends in time.
func TestT2_PruningDoesNotHoldUpTheSweep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := stuck{Store: sessiontest.NewMemory(), pruning: make(chan struct{})}
		core := session.New(store, session.DefaultRules(), session.NewClock(), slog.New(slog.DiscardHandler))
		user, err := store.AddUser(t.Context(), "ada", account.RoleUser, 1)
		if err != nil {
			t.Fatal(err)
		}
		in, err := core.Login(t.Context(), session.Login{User: user, Issued: true})
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		ran := make(chan struct{})
		go func() {
			defer close(ran)
			core.Run(ctx, time.Second, session.Retention{Presence: time.Hour, Audit: time.Hour})
		}()
		<-store.pruning
		time.Sleep(time.Until(in.Expires) + 2*time.Second)
		synctest.Wait()
		if s, _, err := store.Session(t.Context(), in.ID); err != nil || s.Ended.IsZero() {
			t.Errorf("while it prunes, an expired session is %+v, %v", s, err)
		}
		stop()
		<-ran
	})
}
