package session_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/turnike/turnike/internal/session"
	"github.com/turnike/turnike/internal/session/sessiontest"
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
		store := outage{sessiontest.NewMemory(), time.Now().Add(time.Minute)}
		core := session.New(store, session.DefaultRules(), slog.New(slog.NewTextHandler(&log, nil)))
		ctx, stop := context.WithTimeout(t.Context(), 2*time.Minute)
		defer stop()
		core.Run(ctx, 250*time.Millisecond, session.Retention{Presence: time.Hour, Audit: time.Hour})
		if n := strings.Count(log.String(), "\n"); n != 2 {
			t.Errorf("%d lines: %s", n, log.String())
		}
	})
}
