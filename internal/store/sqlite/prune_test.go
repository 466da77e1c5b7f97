package sqlite

import (
	"slices"
	"testing"
	"time"

	"github.com/turnike/turnike/internal/session"
)

// logAt logs n failed logins, which are audit, or seats that were freed, which
// are presence, as of a time.
func logAt(t *testing.T, s *Store, n int, at time.Time, audit bool) {
	t.Helper()
	e := session.Event{Pool: 1, Type: session.SeatFreed, At: at}
	if audit {
		e.Type = session.LoginFailed
	}
	if err := s.LogEvents(t.Context(), slices.Repeat([]session.Event{e}, n)); err != nil {
		t.Fatal(err)
	}
}

// logged is how many events of the pool are left.
func logged(t *testing.T, s *Store) int {
	t.Helper()
	events, err := s.EventsAfter(t.Context(), 1, 0, 100_000)
	if err != nil {
		t.Fatal(err)
	}
	return len(events)
}

// The clock was a year ahead for a while: what was logged then is as old as what
// came after it.
func TestPruneBeyondEventsOfTheFuture(t *testing.T) {
	for name, audit := range map[string]bool{"presence": false, "audit": true} {
		t.Run(name, func(t *testing.T) {
			s := openStore(t)
			now := time.Now()
			logAt(t, s, 2*slice+1, now.AddDate(1, 0, 0), audit) // more than one look takes in
			logAt(t, s, 3, now.Add(-2*time.Hour), audit)
			logAt(t, s, 1, now.AddDate(1, 0, 0), audit) // younger than an hour, for all that is known
			logAt(t, s, 1, now.Add(-time.Minute), audit)
			hour := now.Add(-time.Hour)
			if err := s.Prune(t.Context(), now, hour, hour); err != nil {
				t.Fatal(err)
			}
			if n := logged(t, s); n != 2 {
				t.Errorf("%d events are left, want 2", n)
			}
			later := now.Add(2 * time.Hour)
			if err := s.Prune(t.Context(), later, later.Add(-time.Hour), later.Add(-time.Hour)); err != nil {
				t.Fatal(err)
			}
			if n := logged(t, s); n != 0 {
				t.Errorf("%d events are left two hours later", n)
			}
		})
	}
}

// No transaction of a pruning deletes more than a slice.
func TestPruneInSlices(t *testing.T) {
	s := openStore(t)
	now := time.Now()
	logAt(t, s, 5*pruneSlice, now.Add(-2*time.Hour), false)
	logAt(t, s, 5*pruneSlice, now.Add(-2*time.Hour), true)
	before := s.Stats().Commits
	if err := s.Prune(t.Context(), now, now, now); err != nil {
		t.Fatal(err)
	}
	if n := logged(t, s); n != 0 {
		t.Errorf("%d events are left", n)
	}
	if n := s.Stats().Commits - before; n < 15 { // ten for what is walked over, five for the audit among it
		t.Errorf("%d transactions", n)
	}
}
