package ratelimit

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Rate is how often something may happen: PerSecond on average, Burst at once.
type Rate struct {
	PerSecond float64
	Burst     int
}

// Bucket is a single bucket, see [rate.Limiter].
type Bucket = rate.Limiter

// Bucket makes one of that rate, full.
func (r Rate) Bucket() *Bucket { return rate.NewLimiter(rate.Limit(r.PerSecond), r.Burst) }

// maxKeys bounds the buckets of one limiter [I7]: some 20 MB at the most. Past it
// an attacker with that many addresses pushes others' buckets out, which gives
// those a full one.
const maxKeys = 1 << 17

// Limiter is a bucket for each key. Its methods may be called from any goroutine.
type Limiter struct {
	rate Rate
	now  func() time.Time

	mu      sync.Mutex // guards the rest
	buckets map[string]*rate.Limiter
	sweepAt int // so many buckets make the next new key look for full ones
}

// New makes a limiter. Now tells the time, [time.Now] when nil.
func New(r Rate, now func() time.Time) *Limiter {
	if now == nil {
		now = time.Now
	}
	return &Limiter{rate: r, now: now, buckets: make(map[string]*rate.Limiter), sweepAt: 1024}
}

// Allow takes a token of the key's bucket; false when it is empty.
func (l *Limiter) Allow(key string) bool {
	now := l.now()
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.bucket(key, now).AllowN(now, 1)
}

// Empty reports whether the key's bucket has no token left, and takes none.
func (l *Limiter) Empty(key string) bool {
	now := l.now()
	l.mu.Lock()
	defer l.mu.Unlock()
	b, ok := l.buckets[key]
	return ok && b.TokensAt(now) < 1
}

// Len is the number of keys whose bucket is not known to be full.
func (l *Limiter) Len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.buckets)
}

// bucket finds or makes the key's bucket. The caller holds l.mu.
func (l *Limiter) bucket(key string, now time.Time) *rate.Limiter {
	if b, ok := l.buckets[key]; ok {
		return b
	}
	if len(l.buckets) >= l.sweepAt {
		l.sweep(now)
	}
	b := l.rate.Bucket()
	l.buckets[key] = b
	return b
}

// sweep drops the buckets that are full again, and where too many are in use half
// of them, so that the next sweep is far off. The caller holds l.mu.
func (l *Limiter) sweep(now time.Time) {
	for key, b := range l.buckets {
		if b.TokensAt(now) >= float64(l.rate.Burst) {
			delete(l.buckets, key)
		}
	}
	if len(l.buckets) > maxKeys/2 {
		for key := range l.buckets {
			if len(l.buckets) <= maxKeys/2 {
				break
			}
			delete(l.buckets, key)
		}
	}
	l.sweepAt = min(max(2*len(l.buckets), 1024), maxKeys)
}
