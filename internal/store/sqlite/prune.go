package sqlite

import (
	"context"
	"time"

	"github.com/turnike/turnike/internal/session"
)

// pruneSlice is the most rows that one transaction deletes, in about 2 ms.
const pruneSlice = 100

// Prune implements session.Store. Each slice is a separate request, so that others
// are served in between. After each it pauses for as long as the slice took, so it
// uses at most half of the writer's time.
func (s *Store) Prune(ctx context.Context, now, presenceBefore, auditBefore time.Time) error {
	err := s.sliced(ctx, func(t *tx) (int64, error) {
		return t.exec(`DELETE FROM sessions WHERE no IN (SELECT no FROM sessions
			WHERE ended_at IS NOT NULL AND expires_at <= ? ORDER BY expires_at LIMIT ?)`, now, pruneSlice)
	})
	if err != nil {
		return err
	}
	err = s.sliced(ctx, func(t *tx) (int64, error) {
		return t.exec(`DELETE FROM devices WHERE (user_no, hash) IN (SELECT user_no, hash FROM devices
			WHERE seen_at <= ? ORDER BY seen_at LIMIT ?)`, now.Add(-session.DeviceLife), pruneSlice)
	})
	if err != nil {
		return err
	}
	var pools []session.PoolID
	err = s.read(ctx, func(c *conn) error {
		pools, err = poolIDs(c)
		return err
	})
	if err != nil {
		return err
	}
	for _, id := range pools {
		if err := s.prunePresence(ctx, id, now, presenceBefore); err != nil {
			return err
		}
		if err := s.pruneAudit(ctx, id, now, auditBefore); err != nil {
			return err
		}
	}
	return nil
}

// sliced repeats a deletion until it deletes fewer rows than a slice.
func (s *Store) sliced(ctx context.Context, run func(*tx) (int64, error)) error {
	for {
		var n int64
		began := time.Now()
		err := s.write(ctx, func(t *tx) (err error) {
			n, err = run(t)
			return err
		})
		if err != nil || n < pruneSlice {
			return err
		}
		if err := pause(ctx, time.Since(began)); err != nil {
			return err
		}
	}
}

// pause waits for d, or until ctx is done.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// prunePresence deletes a pool's old presence events. It continues where it stopped
// last (pruned_seq). Behind that only audit events are left.
func (s *Store) prunePresence(ctx context.Context, pool session.PoolID, now, before time.Time) error {
	for {
		upTo, err := s.oldEvents(ctx, pool, `>`, now, before)
		if err != nil || upTo == 0 {
			return err
		}
		err = s.sliced(ctx, func(t *tx) (int64, error) {
			var done int64
			err := t.conn.query(`SELECT pruned_seq FROM pools WHERE id = ?`, func(r row) error {
				done = r.int64(0)
				return nil
			}, int64(pool))
			if err != nil || done >= upTo {
				return 0, err
			}
			to := min(done+pruneSlice, upTo)
			if _, err := t.exec(`DELETE FROM events WHERE pool_id = ? AND log_seq > ? AND log_seq <= ? AND class = 'presence'`,
				int64(pool), done, to); err != nil {
				return 0, err
			}
			_, err = t.exec(`UPDATE pools SET pruned_seq = ? WHERE id = ?`, to, int64(pool))
			return to - done, err
		})
		if err != nil {
			return err
		}
	}
}

// pruneAudit deletes a pool's old audit events, among those that prunePresence has
// passed.
func (s *Store) pruneAudit(ctx context.Context, pool session.PoolID, now, before time.Time) error {
	for {
		upTo, err := s.oldEvents(ctx, pool, `<=`, now, before)
		if err != nil || upTo == 0 {
			return err
		}
		err = s.sliced(ctx, func(t *tx) (int64, error) {
			return t.exec(`DELETE FROM events WHERE pool_id = ? AND log_seq IN (SELECT log_seq FROM events
				WHERE pool_id = ? AND log_seq <= ? ORDER BY log_seq LIMIT ?)`, int64(pool), int64(pool), upTo, pruneSlice)
		})
		if err != nil {
			return err
		}
	}
}

// oldEvents returns the number up to which a pool's events are older than before, 0
// for none. It looks only at events whose number compares so with pruned_seq. It
// ignores events with a time in the future, which are left after the clock was set
// back: their successors decide. It does not use the writer.
func (s *Store) oldEvents(ctx context.Context, pool session.PoolID, compare string, now, before time.Time) (upTo int64, err error) {
	err = s.read(ctx, func(c *conn) error {
		young := false
		return c.query(`SELECT e.log_seq, e.at FROM pools p JOIN events e ON e.pool_id = p.id
			AND e.log_seq `+compare+` p.pruned_seq AND e.at <= ? WHERE p.id = ? ORDER BY e.log_seq LIMIT ?`, func(r row) error {
			if young = young || !r.time(1).Before(before); !young {
				upTo = r.int64(0)
			}
			return nil
		}, now, int64(pool), slice)
	})
	return upTo, err
}
