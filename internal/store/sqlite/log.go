package sqlite

import (
	"context"

	"github.com/turnike/turnike/internal/session"
)

// Heads implements store.EventLog.
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

// EventsAfter implements store.EventLog.
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
