package sqlite

import (
	"context"

	"github.com/turnike/turnike/internal/session"
)

// Heads returns every pool, the system's own included, by id: LogSeq is where
// its log ends.
func (s *Store) Heads(ctx context.Context) ([]session.Pool, error) {
	var out []session.Pool
	err := s.read(ctx, func(c *conn) error {
		return c.query(selectPool+` ORDER BY id`, func(r row) error {
			out = append(out, scanPool(r, 0))
			return nil
		})
	})
	return out, err
}

// EventsAfter returns at most n events of a pool that come after one, in commit
// order, with At as the machine's clock shows it [T1]. Those that were pruned are
// missing.
func (s *Store) EventsAfter(ctx context.Context, pool session.PoolID, after int64, n int) ([]session.Event, error) {
	var out []session.Event
	shift := s.Shift()
	err := s.read(ctx, func(c *conn) error {
		return eventsAfter(c, pool, after, n, func(e session.Event) {
			e.At = e.At.Add(shift)
			out = append(out, e)
		})
	})
	return out, err
}
