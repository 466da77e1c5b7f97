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

// Bucket is one bucket, see [rate.Limiter].
type Bucket = rate.Limiter

// Bucket returns a full bucket with this rate.
func (r Rate) Bucket() *Bucket { return rate.NewLimiter(rate.Limit(r.PerSecond), r.Burst) }

// maxKeys bounds the buckets of a limiter [I7], to about 20 MB. An attacker with
// more addresses makes the limiter drop buckets of other keys, which then start
// with a full one.
const maxKeys = 1 << 17

// Limiter is a bucket for each key. Its methods may be called from any goroutine.
type Limiter struct {
	rate Rate
	now  func() time.Time

	mu      sync.Mutex // guards the rest
	buckets map[string]*rate.Limiter
	sweepAt int // with this many buckets the next new key triggers a sweep
}

// New returns a limiter. A nil now is [time.Now].
func New(r Rate, now func() time.Time) *Limiter {
	if now == nil {
		now = time.Now
	}
	return &Limiter{rate: r, now: now, buckets: make(map[string]*rate.Limiter), sweepAt: 1024}
}

// Allow takes a token from the key's bucket, and reports whether there was one.
func (l *Limiter) Allow(key string) bool {
	now := l.now()
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.bucket(key, now).AllowN(now, 1)
}

// Empty reports whether the key's bucket is empty. It takes no token.
func (l *Limiter) Empty(key string) bool {
	now := l.now()
	l.mu.Lock()
	defer l.mu.Unlock()
	b, ok := l.buckets[key]
	return ok && b.TokensAt(now) < 1
}

// Len returns the number of buckets that are kept.
func (l *Limiter) Len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.buckets)
}

// bucket returns the bucket of a key, and creates it if there is none. Callers must hold l.mu.
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

// sweep drops full buckets. If too many are in use, it drops half of them, so that
// the next sweep is not needed soon. Callers must hold l.mu.
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
