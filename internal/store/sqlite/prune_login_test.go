package sqlite

import (
	"strings"
	"testing"
	"time"

	"github.com/turnike/turnike/internal/session"
)

// TestSEC06_FailuresHaveTheirRetention: failed logins that are old go, without the
// rest of the audit trail; by an index, however long the log is.
func TestSEC06_FailuresHaveTheirRetention(t *testing.T) {
	s := openStore(t)
	old, young := time.Now().Add(-31*24*time.Hour), time.Now().Add(-29*24*time.Hour)
	var all []session.Event
	for _, pool := range []session.PoolID{session.SystemPool, 1} {
		for _, at := range []time.Time{old, young} {
			for range slice { // so that one slice is not enough
				all = append(all, session.Event{Pool: pool, At: at, Type: session.LoginFailed, Count: 1})
			}
			all = append(all, session.Event{Pool: pool, At: at, Type: session.UserChanged})
		}
	}
	if err := s.LogEvents(t.Context(), all); err != nil {
		t.Fatal(err)
	}
	kept := func() (failed, other int) {
		for _, pool := range []session.PoolID{session.SystemPool, 1} {
			events, err := s.EventsAfter(t.Context(), pool, 0, len(all))
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range events {
				if e.Type == session.LoginFailed {
					failed++
				} else {
					other++
				}
			}
		}
		return failed, other
	}
	before := time.Now().Add(-30 * 24 * time.Hour)
	_, others := kept()
	if err := s.PruneFailedLogins(t.Context(), before); err != nil {
		t.Fatal(err)
	}
	if failed, _ := kept(); failed != 4*slice {
		t.Errorf("%d are left before presence was pruned", failed)
	}
	if err := s.Prune(t.Context(), old, time.Now().Add(-time.Hour), old.Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	if err := s.PruneFailedLogins(t.Context(), before); err != nil {
		t.Fatal(err)
	}
	if failed, other := kept(); failed != 2*slice || other != others {
		t.Errorf("%d failed logins are left, want %d; %d others, want %d", failed, 2*slice, other, others)
	}
	var plan []string
	err := s.read(t.Context(), func(c *conn) error {
		return c.query("EXPLAIN QUERY PLAN "+pruneFailedLogins, func(r row) error { plan = append(plan, r.string(3)); return nil }, before, slice)
	})
	if text := strings.Join(plan, "\n"); err != nil || !strings.Contains(text, "events_failed_logins") || strings.Contains(text, "SCAN e") {
		t.Errorf("%v\n%s", err, text)
	}
}
