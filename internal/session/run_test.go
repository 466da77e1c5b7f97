package session_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/turnike/turnike/internal/account"
	"github.com/turnike/turnike/internal/session"
	"github.com/turnike/turnike/internal/store/storetest"
)

// outage is a store whose sweep fails for a while.
type outage struct {
	session.Store
	until time.Time
}

func (o outage) Due(ctx context.Context, now time.Time, limit int) ([]string, error) {
	if now.Before(o.until) {
		return nil, session.ErrUnavailable
	}
	return o.Store.Due(ctx, now, limit)
}

// TestRun_SaysOnceThatItFails: an outage costs two lines in the log, however long.
func TestRun_SaysOnceThatItFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		store := outage{storetest.NewMemory(), time.Now().Add(time.Minute)}
		core := session.New(store, session.DefaultRules(), slog.New(slog.NewTextHandler(&log, nil)))
		ctx, stop := context.WithTimeout(t.Context(), 2*time.Minute)
		defer stop()
		core.Run(ctx, 250*time.Millisecond, session.Retention{Presence: time.Hour, Audit: time.Hour})
		if n := strings.Count(log.String(), "\n"); n != 2 {
			t.Errorf("%d lines: %s", n, log.String())
		}
	})
}

// stuck is a store whose pruning takes until its context ends.
type stuck struct {
	storetest.Store
	pruning chan struct{}
}

func (s stuck) Prune(ctx context.Context, _, _, _ time.Time) error {
	select {
	case s.pruning <- struct{}{}:
	case <-ctx.Done():
	}
	<-ctx.Done()
	return ctx.Err()
}

// However long pruning takes, what is over ends in time.
func TestT2_PruningDoesNotHoldUpTheSweep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := stuck{Store: storetest.NewMemory(), pruning: make(chan struct{})}
		core := session.New(store, session.DefaultRules(), slog.New(slog.DiscardHandler))
		user, err := storetest.AddUser(t.Context(), store, "ada", account.RoleUser, 1)
		if err != nil {
			t.Fatal(err)
		}
		in, err := core.Login(t.Context(), session.ByCLI("test"), session.Login{User: user, Issued: true})
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
