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
	mu      sync.Mutex           // guards what follows
	at      map[string]time.Time // by session
	writing map[string]time.Time // taken, and not written yet
}

// note keeps the time at which a session was active, unless a later one is known.
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

// take returns the collected times, to be written. Until written is called, logins
// still see them.
func (a *activity) take() map[string]time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.writing, a.at = a.at, nil
	return maps.Clone(a.writing)
}

// written forgets the times that were taken.
func (a *activity) written() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.writing = nil
}

// apply adds to sessions the activity that is not written yet.
func (a *activity) apply(sessions []Session) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for i, s := range sessions {
		for _, at := range []time.Time{a.at[s.ID], a.writing[s.ID]} {
			if at.After(sessions[i].LastActive) {
				sessions[i].LastActive = at
			}
		}
	}
}

// Active notes that the session is in use now [A4] [S11]. A login takes it into
// account at once; the store has it within a few seconds.
func (c *Core) Active(session string) { c.activity.note(session, c.store.Now()) }

// flush writes the collected activity. What cannot be written is kept.
func (c *Core) flush(ctx context.Context) error {
	left := c.activity.take()
	defer c.activity.written()
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

// flushLast writes the activity of the last seconds of a run, whose context is done.
func (c *Core) flushLast(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushPatience)
	defer cancel()
	return c.flush(ctx)
}
