package ratelimit

import (
	"context"
	"sync"
	"time"
)

// Backoff says how long a key must wait after failures. The first Free failures
// cost no wait. Then the wait is First, and doubles with each failure up to Max.
// Failures are forgotten if none follows within Window after the last wait.
type Backoff struct {
	Free       int
	Window     time.Duration
	First, Max time.Duration
	Total      int // after so many failures without a success every wait is Max; 0 for never
}

// wait returns the wait after the failure with this number.
func (b Backoff) wait(failures, total int) time.Duration {
	if b.Total > 0 && total >= b.Total {
		return b.Max
	}
	if failures < b.Free {
		return 0
	}
	d := b.First
	for range failures - b.Free {
		if d >= b.Max {
			break
		}
		d *= 2
	}
	return min(d, b.Max)
}

// Outcome is the result of a try.
type Outcome int

// The outcomes of a try.
const (
	Undecided Outcome = iota // not counted
	Failed
	Succeeded // clears the failures of the key
	Passed    // not counted; earlier failures still count
)

// Failures counts the failures of each key. Each try is counted when it begins, so
// that many tries at once cannot exceed the limit [SEC-08]. A try for which no room
// is left waits for the outcome of earlier ones. So tries that succeed never cause
// a refusal, however many there are.
//
// Its methods may be called from any goroutine.
type Failures struct {
	backoff Backoff
	now     func() time.Time

	mu      sync.Mutex // guards the rest
	keys    map[string]*failing
	sweepAt int // with this many keys the next new key triggers a sweep
}

// failing is the count of one key.
type failing struct {
	version         int64
	failures, total int
	until           time.Time // the end of the wait; the time of the last failure if it had no wait
	pending         int       // tries whose outcome is not known yet
	waiting         int
	decided         chan struct{} // closed at the next outcome
}

// NewFailures returns a counter. A nil now is [time.Now].
func NewFailures(b Backoff, now func() time.Time) *Failures {
	if now == nil {
		now = time.Now
	}
	return &Failures{backoff: b, now: now, keys: make(map[string]*failing), sweepAt: 1024}
}

// Begin counts a try of the key, or returns how long to wait if there were too
// many failures. If version differs from the last one, the key's failures are
// forgotten. The caller must call end once, with the outcome. The error is ctx's:
// ctx ends the wait for earlier tries.
func (f *Failures) Begin(ctx context.Context, key string, version int64) (end func(Outcome), wait time.Duration, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for {
		c := f.key(key, version)
		now := f.now()
		if wait := c.until.Sub(now); wait > 0 {
			return nil, wait, nil
		}
		if c.pending < f.room(c, now) {
			c.pending++
			return func(o Outcome) { f.end(key, c, o) }, 0, nil
		}
		decided := c.decided
		c.waiting++
		f.mu.Unlock()
		select {
		case <-decided:
		case <-ctx.Done():
			err = ctx.Err()
		}
		f.mu.Lock()
		if c.waiting--; err != nil {
			f.drop(key, c)
			return nil, 0, err
		}
	}
}

// room returns how many tries may be in progress: as many as may fail before the
// next wait. After a wait it is one. Callers must hold f.mu.
func (f *Failures) room(c *failing, now time.Time) int {
	if c.failures > 0 && now.Sub(c.until) >= f.backoff.Window {
		c.failures = 0
	}
	room := f.backoff.Free - c.failures
	if f.backoff.Total > 0 {
		room = min(room, f.backoff.Total-c.total)
	}
	return max(room, 1)
}

// end records the outcome of a try.
func (f *Failures) end(key string, c *failing, o Outcome) {
	f.mu.Lock()
	defer f.mu.Unlock()
	c.pending--
	switch o {
	case Failed:
		c.failures++
		c.total++
		c.until = f.now().Add(f.backoff.wait(c.failures, c.total))
	case Succeeded:
		c.failures, c.total, c.until = 0, 0, time.Time{}
	}
	close(c.decided)
	c.decided = make(chan struct{})
	f.drop(key, c)
}

// Forget clears the failures of a key.
func (f *Failures) Forget(key string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if c := f.keys[key]; c != nil {
		c.failures, c.total, c.until = 0, 0, time.Time{}
		f.drop(key, c)
	}
}

// Len returns the number of keys.
func (f *Failures) Len() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.keys)
}

// key returns the count of a key, and creates it if there is none. Callers must hold f.mu.
func (f *Failures) key(key string, version int64) *failing {
	c := f.keys[key]
	if c == nil {
		if len(f.keys) >= f.sweepAt {
			f.sweep()
		}
		c = &failing{version: version, decided: make(chan struct{})}
		f.keys[key] = c
	}
	if c.version != version {
		c.version, c.failures, c.total, c.until = version, 0, 0, time.Time{}
	}
	return c
}

// drop deletes a count that is zero. Callers must hold f.mu.
func (f *Failures) drop(key string, c *failing) {
	if c.failures == 0 && c.total == 0 && c.pending == 0 && c.waiting == 0 && f.keys[key] == c {
		delete(f.keys, key)
	}
}

// sweep bounds the number of keys [I7]. It drops expired counts and, if too many
// are left, first those without a wait. Callers must hold f.mu.
func (f *Failures) sweep() {
	now := f.now()
	idle := func(c *failing) bool { return c.pending == 0 && c.waiting == 0 }
	free := func(c *failing) bool { return idle(c) && !now.Before(c.until) }
	over := func(c *failing) bool { return idle(c) && now.Sub(c.until) >= f.backoff.Window }
	for key, c := range f.keys {
		if over(c) && (f.backoff.Total == 0 || c.total == 0) {
			delete(f.keys, key)
		}
	}
	for _, mayGo := range []func(*failing) bool{over, free, idle} {
		for key, c := range f.keys {
			if len(f.keys) <= maxKeys/2 {
				break
			}
			if mayGo(c) {
				delete(f.keys, key)
			}
		}
	}
	f.sweepAt = min(max(2*len(f.keys), 1024), maxKeys)
}
