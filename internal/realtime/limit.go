package realtime

import (
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/turnike/turnike/engineio"
	"github.com/turnike/turnike/internal/ratelimit"
	"github.com/turnike/turnike/internal/text"
	"github.com/turnike/turnike/socketio"
)

// Limits bound what one connection, session, user or address may do. A zero
// number is no limit.
type Limits struct {
	Connections           int           // in all, of whatever transport
	UnverifiedPerAddress  int           // open connections whose session is not known yet [SEC-42]; as many that one session's cookie has opened, before CONNECT
	FailuresPerAddress    int           // of such connections that end a second; five times as many at once
	ConnectionsPerSession int           // those inside count as one, for S1 says how many they may be
	PollsPerConnection    int           // polling requests a second, and at once [SEC-41]
	EventsPerSocket       int           // a second; twice as many at once [SEC-44]
	EventsPerUser         int           // likewise, of all sockets of the user
	OnlineUsers           time.Duration // between two get_online_users of a socket [SEC-45]
	Replacements          bool          // S1's five in ten seconds
}

// What was refused because it came too often.
const (
	limitConnections = "connections"
	limitUnverified  = "unverified_per_address"
	limitFailures    = "failures_per_address"
	limitSession     = "connections_per_session"
	limitPolls       = "polls_per_connection"
	limitEvents      = "events"
	limitOnlineUsers = "online_users"
	limitSync        = "presence_sync" // [P3]
	limitSlots       = "connection_slots"
	limitReplace     = "replacements" // [S1]
)

// limitRetry is told to who came too often.
const limitRetry = time.Second

// limited notes that a limit was met.
func (s *Server) limited(kind string) {
	s.counts.limited.Add(kind)
	s.log.Debug("limit reached", "limit", kind)
}

// connLimiter counts who comes in before it is known who it is.
type connLimiter struct {
	limits   Limits
	open     atomic.Int64 // connections of whatever kind
	failures *ratelimit.Limiter
	events   *ratelimit.Limiter // by user

	mu         sync.Mutex     // guards the rest
	unverified map[string]int // open connections by network
	cookies    map[string]int // those that a cookie has opened and that have not connected yet, by session
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

// perSecond allows n a second and twice as many at once [SEC-44].
func perSecond(n int) ratelimit.Rate { return ratelimit.Rate{PerSecond: float64(n), Burst: 2 * n} }

// waiting is where a connection counts before CONNECT: with its address, or with
// the session that its cookie has shown. That is verified, and no failure when it
// ends; but a single cookie must not hold any number of connections.
func (l *connLimiter) waiting(known bool) map[string]int {
	if known {
		return l.cookies
	}
	return l.unverified
}

// enter counts a connection in, unless there are too many: the kind of the limit
// then. Key is its network, or its session where that is known.
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

// begin counts a connection before its CONNECT; one past the limit it does not.
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

// strangers is the number of unverified connections.
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

// verified notes that the connection's session is known: from here it counts
// against that session, not against its address.
func (s *Server) verified(hs *handshake) { s.settle(hs, false) }

// closed hears of the end of every connection.
func (s *Server) closed(c *engineio.Conn) {
	s.limiter.open.Add(-1)
	if hs := handshakeOf(c); hs != nil {
		s.settle(hs, true)
	}
}

func (s *Server) settle(hs *handshake, failed bool) {
	hs.mu.Lock()
	key := hs.counts
	hs.counts = ""
	hs.mu.Unlock()
	if key != "" {
		s.limiter.settle(key, hs.cookie != nil, failed)
	}
}

// letIn counts a new connection in, or refuses it for now [SEC-42].
func (s *Server) letIn(r *http.Request, hs *handshake) error {
	var key string
	if hs.cookie != nil {
		key = hs.cookie.Session.ID
	} else {
		key = ratelimit.Network(s.cfg.ClientAddress(r))
	}
	limit := s.limiter.enter(key, hs.cookie != nil)
	if limit == "" {
		hs.counts = key
		return nil
	}
	s.limited(limit)
	return s.cfg.Refuse(r, http.StatusServiceUnavailable, codeRateLimited, limitRetry)
}

// mayPoll counts a request of a polling connection [SEC-41].
func (s *Server) mayPoll(hs *handshake) bool {
	n := s.cfg.Limits.PollsPerConnection
	if n <= 0 {
		return true
	}
	hs.mu.Lock()
	if hs.polls == nil {
		hs.polls = ratelimit.Rate{PerSecond: float64(n), Burst: n}.Bucket()
	}
	polls := hs.polls
	hs.mu.Unlock()
	return polls.Allow()
}

// mayAct counts an event of the client. One that comes too often is refused, and
// a client that goes on all the same is closed [SEC-44]. It is called by the
// reading goroutine alone.
func (s *Server) mayAct(c *client, ack *socketio.Ack) bool {
	l := s.cfg.Limits
	if l.EventsPerSocket > 0 {
		if c.events == nil {
			c.events = perSecond(l.EventsPerSocket).Bucket()
		}
		if !c.events.Allow() {
			return s.actsTooOften(c, ack)
		}
	}
	if l.EventsPerUser > 0 && !s.limiter.events.Allow(c.user) {
		return s.actsTooOften(c, ack)
	}
	return true
}

// actsTooOften refuses an event as long as refusals do not come too often
// themselves; it returns false.
func (s *Server) actsTooOften(c *client, ack *socketio.Ack) bool {
	s.limited(limitEvents)
	if c.refusals == nil {
		c.refusals = perSecond(max(s.cfg.Limits.EventsPerSocket, 1)).Bucket()
	}
	if !c.refusals.Allow() {
		c.sock.Conn().Close(closePolicy, codeEventRateLimited)
		return false
	}
	c.tooOften(ack)
	return false
}

// tooOften answers an event that came too soon.
func (c *client) tooOften(ack *socketio.Ack) {
	c.fail(ack, failure{Code: codeEventRateLimited, RetryAfter: seconds(limitRetry)}, text.Fields{Wait: limitRetry})
}

// notYet tells whether less than the interval has passed since last, and else
// begins a new one.
func notYet(last *atomic.Int64, now time.Time, interval time.Duration) bool {
	if interval <= 0 {
		return false
	}
	ms := now.UnixMilli()
	was := last.Load()
	return ms-was < interval.Milliseconds() || !last.CompareAndSwap(was, ms)
}

// buckets of one client; the reading goroutine's own.
type buckets struct {
	events   *ratelimit.Bucket
	refusals *ratelimit.Bucket // of events that came too often
}
