package sqlstore

import (
	"context"
	"time"

	"github.com/turnike/turnike/internal/session"
)

// Prune implements session.Store. Each slice is a request of its own, so that
// others come in between.
func (s *Store) Prune(ctx context.Context, now, presenceBefore, auditBefore time.Time) error {
	err := s.sliced(ctx, func(t *tx) (int64, error) {
		return t.exec(`DELETE FROM sessions WHERE no IN (SELECT no FROM sessions
			WHERE ended_at IS NOT NULL AND expires_at <= ? ORDER BY expires_at LIMIT ?)`, now, slice)
	})
	if err != nil {
		return err
	}
	err = s.sliced(ctx, func(t *tx) (int64, error) {
		return t.exec(`DELETE FROM devices WHERE (user_no, hash) IN (SELECT user_no, hash FROM devices
			WHERE seen_at <= ? ORDER BY seen_at LIMIT ?)`, now.Add(-session.DeviceLife), slice)
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
		err := s.sliced(ctx, func(t *tx) (int64, error) { return t.prunePresence(id, presenceBefore) })
		if err != nil {
			return err
		}
		// What is left up to pruned_seq is audit, oldest first.
		err = s.sliced(ctx, func(t *tx) (int64, error) {
			return t.exec(`DELETE FROM events WHERE pool_id = ? AND log_seq IN (SELECT log_seq FROM (
					SELECT log_seq, at FROM events WHERE pool_id = ? AND log_seq <= (SELECT pruned_seq FROM pools WHERE id = ?)
					ORDER BY log_seq LIMIT ?) AS oldest WHERE at < ?)`,
				int64(id), int64(id), int64(id), slice, auditBefore)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// sliced repeats a deletion until it deletes less than a slice.
func (s *Store) sliced(ctx context.Context, run func(*tx) (int64, error)) error {
	for {
		var n int64
		err := s.write(ctx, func(t *tx) (err error) {
			n, err = run(t)
			return err
		})
		if err != nil || n < slice {
			return err
		}
	}
}

// prunePresence walks on from where it stopped the last time: everything older
// than before, and what it leaves is audit. It returns how many events it
// walked over.
func (t *tx) prunePresence(pool session.PoolID, before time.Time) (int64, error) {
	var n, upTo int64
	young := false
	err := t.conn.query(`SELECT log_seq, at FROM events WHERE pool_id = ?
		AND log_seq > (SELECT pruned_seq FROM pools WHERE id = ?) ORDER BY log_seq LIMIT ?`, func(r row) error {
		if young = young || !r.time(1).Before(before); !young {
			n, upTo = n+1, r.int64(0)
		}
		return nil
	}, int64(pool), int64(pool), slice)
	if err != nil || n == 0 {
		return 0, err
	}
	if _, err := t.exec(`DELETE FROM events WHERE pool_id = ? AND log_seq <= ? AND class = 'presence'
		AND log_seq > (SELECT pruned_seq FROM pools WHERE id = ?)`, int64(pool), upTo, int64(pool)); err != nil {
		return 0, err
	}
	_, err = t.exec(`UPDATE pools SET pruned_seq = ? WHERE id = ?`, upTo, int64(pool))
	return n, err
}
