package realtime

import (
	"sync"
	"sync/atomic"

	"github.com/turnike/turnike/internal/ratelimit"
)

// connLimiter bounds connections, above all those whose session is not known yet.
type connLimiter struct {
	limits   Limits
	open     atomic.Int64 // all connections
	failures *ratelimit.Limiter
	events   *ratelimit.Limiter // by user

	mu         sync.Mutex     // guards the rest
	unverified map[string]int // open connections without a known session, by network
	cookies    map[string]int // open connections before CONNECT whose cookie is valid, by session
}

func newConnLimiter(l Limits) *connLimiter {
	return &connLimiter{
		limits:     l,
		failures:   ratelimit.New(ratelimit.Rate{PerSecond: float64(l.FailuresPerAddress), Burst: 5 * l.FailuresPerAddress}, nil),
		events:     ratelimit.New(perSecond(l.EventsPerUser), nil),
		unverified: make(map[string]int),
		cookies:    make(map[string]int),
	}
}

// waiting returns the map in which a connection counts before CONNECT. A valid
// cookie makes it count against the cookie's session and never as a failure, but
// a single cookie must not hold any number of connections either.
func (l *connLimiter) waiting(known bool) map[string]int {
	if known {
		return l.cookies
	}
	return l.unverified
}

// enter counts a connection. If there are too many, it returns the kind of the
// limit and counts nothing. Key is the connection's network, or its session if that
// is known.
func (l *connLimiter) enter(key string, known bool) (limit string) {
	if n := l.open.Add(1); l.limits.Connections > 0 && n > int64(l.limits.Connections) {
		l.open.Add(-1)
		return limitConnections
	}
	switch {
	case !known && l.limits.FailuresPerAddress > 0 && l.failures.Empty(key):
		limit = limitFailures
	case !l.begin(key, known):
		limit = limitUnverified
	default:
		return ""
	}
	l.open.Add(-1)
	return limit
}

// begin counts a connection before its CONNECT. It returns false at the limit.
func (l *connLimiter) begin(key string, known bool) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	open := l.waiting(known)
	if l.limits.UnverifiedPerAddress > 0 && open[key] >= l.limits.UnverifiedPerAddress {
		return false
	}
	open[key]++
	return true
}

// strangers returns the number of unverified connections.
func (l *connLimiter) strangers() (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, open := range l.unverified {
		n += open
	}
	return n
}

// settle ends the time before a connection's CONNECT.
func (l *connLimiter) settle(key string, known, failed bool) {
	l.mu.Lock()
	open := l.waiting(known)
	if open[key]--; open[key] <= 0 {
		delete(open, key)
	}
	l.mu.Unlock()
	if failed && !known && l.limits.FailuresPerAddress > 0 {
		l.failures.Allow(key)
	}
}
