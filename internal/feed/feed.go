package feed

import (
	"context"

	"github.com/turnike/turnike/internal/session"
)

// Log is the event log of a store.
type Log interface {
	// Heads returns every pool, the system's included: LogSeq is the number of
	// its newest event.
	Heads(ctx context.Context) ([]session.Pool, error)
	// EventsAfter returns at most n events of a pool that come after one, in
	// order, without those that were pruned.
	EventsAfter(ctx context.Context, pool session.PoolID, after int64, n int) ([]session.Event, error)
}

// slice is how many events are read at a time.
const slice = 1000

// Cursor is how far a reader has read: the LogSeq of the last event of each
// pool. A pool without one is read from its first event. It is saved as JSON.
type Cursor map[session.PoolID]int64

// At returns the cursor of a reader that skips what is in the log already. Pools
// created later are read from their first event.
func At(heads []session.Pool) Cursor {
	c := make(Cursor, len(heads))
	for _, p := range heads {
		c[p.ID] = p.LogSeq
	}
	return c
}

// Batch is what one move of the cursor passes.
type Batch struct {
	Pool session.Pool // as of the latest read of the heads
	// Events are in order. They are empty if all of them were pruned, or if the
	// cursor moved back because an older database was restored.
	Events []session.Event
}

// Follow hands apply everything after the cursor, pool by pool, and moves the
// cursor behind each batch. It returns the pools that it read; after an error
// the cursor is behind the last batch that was applied.
func (c Cursor) Follow(ctx context.Context, log Log, apply func(Batch)) ([]session.Pool, error) {
	heads, err := log.Heads(ctx)
	if err != nil {
		return nil, err
	}
	for _, p := range heads {
		if c[p.ID] > p.LogSeq {
			apply(Batch{Pool: p})
			c[p.ID] = p.LogSeq
		}
		if err := c.followPool(ctx, log, p, apply); err != nil {
			return nil, err
		}
	}
	return heads, nil
}

func (c Cursor) followPool(ctx context.Context, log Log, p session.Pool, apply func(Batch)) error {
	for c[p.ID] < p.LogSeq {
		events, err := log.EventsAfter(ctx, p.ID, c[p.ID], slice)
		if err != nil {
			return err
		}
		apply(Batch{Pool: p, Events: events})
		if n := len(events); n > 0 {
			c[p.ID] = events[n-1].LogSeq
		}
		if len(events) < slice { // the rest up to the head was pruned
			c[p.ID] = max(c[p.ID], p.LogSeq)
		}
	}
	return nil
}
