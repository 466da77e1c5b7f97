package sqlite

import (
	"context"
	"sync/atomic"

	"github.com/turnike/turnike/internal/counter"
	"github.com/turnike/turnike/internal/store"
)

// counters are the figures since the store was opened.
type counters struct {
	batches, requests, commits, full, busy, panics, breaches atomic.Int64
	failed                                                   atomic.Int64

	sizes, took *counter.Histogram
}

func newCounters() counters {
	return counters{sizes: counter.NewHistogram(1, 2, 4, 8, 16, 32, 64, 128, 256), took: counter.Latency()}
}

// Stats implements store.Health.
func (s *Store) Stats() store.Stats {
	return store.Stats{
		Queue: len(s.queue), Queued: cap(s.queue),
		Requests: s.stats.requests.Load(), Batches: s.stats.batches.Load(), Commits: s.stats.commits.Load(),
		Full: s.stats.full.Load(), Busy: s.stats.busy.Load(),
		Panics: s.stats.panics.Load(), Breaches: s.stats.breaches.Load(),
		Failed: s.stats.failed.Load(), Down: s.down.Load() != nil, Sizes: s.stats.sizes.Snapshot(), Took: s.stats.took.Snapshot(),
	}
}

// Occupancy implements store.Overview.
func (s *Store) Occupancy(ctx context.Context) (store.Occupancy, error) {
	var o store.Occupancy
	err := s.readTx(ctx, func(c *conn) error {
		err := c.query(selectPool+` WHERE `+livePool+` ORDER BY id`, func(r row) error {
			o.Pools = append(o.Pools, scanPool(r, 0))
			return nil
		})
		if err != nil {
			return err
		}
		return c.query(`SELECT COUNT(*) FROM sessions WHERE ended_at IS NULL AND expires_at > ?`, func(r row) error {
			o.Sessions = r.int(0)
			return nil
		}, s.Now())
	})
	return o, err
}
