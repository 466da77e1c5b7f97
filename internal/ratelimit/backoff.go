package ratelimit

import (
	"context"
	"sync"
	"time"
)

// Backoff says what failures cost: Free of them cost nothing, each further one a
// wait, First at first and twice as long each time up to Max. They are forgotten
// when for Window after the last wait there was none.
type Backoff struct {
	Free       int
	Window     time.Duration
	First, Max time.Duration
	Total      int // failures without a success from which on every wait is Max; 0 is none
}

// wait is what the failure costs that makes it so many.
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

// Outcome is how a try ended.
type Outcome int

// The outcomes of a try.
const (
	Undecided Outcome = iota // it counts for nothing
	Failed
	Succeeded // it counts for nothing, and for what failed before
	Passed    // it counts for nothing; what failed before still counts
)

// Failures counts the failures of each key. A try is counted before its outcome
// is known, so that no number of tries at once gets past the limit [SEC-08]: who
// comes when all that is left is taken waits for the outcome of those ahead. So
// tries that succeed never turn each other away, however many they are.
//
// Its methods may be called from any goroutine.
type Failures struct {
	backoff Backoff
	now     func() time.Time

	mu      sync.Mutex // guards the rest
	keys    map[string]*failing
	sweepAt int // so many keys make the next new one look for idle ones
}

// failing is one key's count.
type failing struct {
	version         int64
	failures, total int
	until           time.Time // nothing is tried before; the last failure, when that cost nothing
	pending         int       // tries under way
	waiting         int
	decided         chan struct{} // closed at the next outcome
}

// NewFailures makes a counter. Now tells the time, [time.Now] when nil.
func NewFailures(b Backoff, now func() time.Time) *Failures {
	if now == nil {
		now = time.Now
	}
	return &Failures{backoff: b, now: now, keys: make(map[string]*failing), sweepAt: 1024}
}

// Begin counts a try of the key in, or says how long to wait when there were too
// many failures. A version that differs from the last one makes it a new key: its
// failures are forgotten. The caller calls end once, with the outcome. The error
// is ctx's, which ends the waiting for others.
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

// room is how many tries may be under way at once: as many as may fail before the
// next wait. After a wait it is one. The caller holds f.mu.
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

// end counts the outcome of a try.
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

// Forget clears what the key has failed.
func (f *Failures) Forget(key string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if c := f.keys[key]; c != nil {
		c.failures, c.total, c.until = 0, 0, time.Time{}
		f.drop(key, c)
	}
}

// Len is the number of keys that are counted.
func (f *Failures) Len() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.keys)
}

// key finds or makes a key's count. The caller holds f.mu.
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

// drop forgets a count of nothing. The caller holds f.mu.
func (f *Failures) drop(key string, c *failing) {
	if c.failures == 0 && c.total == 0 && c.pending == 0 && c.waiting == 0 && f.keys[key] == c {
		delete(f.keys, key)
	}
}

// sweep makes room [I7]: it drops what is over, then, where too many are left,
// first those that wait for nothing. The caller holds f.mu.
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
