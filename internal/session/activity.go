package session

import (
	"context"
	"maps"
	"sync"
	"time"
)

const (
	flushInterval = 5 * time.Second // between two writes of what sessions did
	flushPatience = 2 * time.Second // for the last write of a run
	flushSlice    = 1000            // sessions in one write, so that others come in between
)

// activity collects when sessions were last active [A4] [S11], so that requests
// and events cost no write each. It holds one time for each session that was
// active since the last write. Its methods may be called by many goroutines.
type activity struct {
	mu sync.Mutex
	at map[string]time.Time // by session; guarded by mu
}

// note keeps the time, unless a later one is known.
func (a *activity) note(session string, at time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.at == nil {
		a.at = make(map[string]time.Time)
	}
	if at.After(a.at[session]) {
		a.at[session] = at
	}
}

// take returns what was collected and starts again.
func (a *activity) take() map[string]time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	out := a.at
	a.at = nil
	return out
}

// apply brings the sessions up to date with what is not written yet.
func (a *activity) apply(sessions []Session) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for i, s := range sessions {
		if at := a.at[s.ID]; at.After(s.LastActive) {
			sessions[i].LastActive = at
		}
	}
}

// Active notes that somebody works with the session [A4] [S11]. A login sees it at
// once, the store within a few seconds.
func (c *Core) Active(session string) { c.activity.note(session, c.store.Now()) }

// flush writes what was collected. What the store does not take is kept.
func (c *Core) flush(ctx context.Context) error {
	left := c.activity.take()
	for len(left) > 0 {
		slice := make(map[string]time.Time, min(len(left), flushSlice))
		for id, at := range left {
			if len(slice) == flushSlice {
				break
			}
			slice[id] = at
		}
		if err := c.store.Touch(ctx, slice); err != nil {
			for id, at := range left {
				c.activity.note(id, at)
			}
			return err
		}
		maps.DeleteFunc(left, func(id string, _ time.Time) bool { return !slice[id].IsZero() })
	}
	return nil
}

// flushLast writes what was collected until the end of the run.
func (c *Core) flushLast(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushPatience)
	defer cancel()
	return c.flush(ctx)
}
