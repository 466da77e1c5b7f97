package realtime

import (
	"time"

	"github.com/turnike/turnike/internal/ratelimit"
)

// Limits bound what one connection, session, user or address may do. Zero is no
// limit.
type Limits struct {
	Connections           int           // open at once, in all
	UnverifiedPerAddress  int           // open connections of an address whose session is not known yet, and open connections of one session's cookie before CONNECT [SEC-42]
	FailuresPerAddress    int           // unverified connections that an address may lose per second; burst of five times that [SEC-42]
	ConnectionsPerSession int           // sockets of a session; those inside count as one, because S1 bounds them
	PollsPerConnection    int           // polling requests per second, with a burst of as many [SEC-41]
	EventsPerSocket       int           // per second; burst of twice that [SEC-44]
	EventsPerUser         int           // per second, of all sockets of a user; burst of twice that [SEC-44]
	OnlineUsers           time.Duration // between two get_online_users of a socket [SEC-45]
	Replacements          bool          // whether S1's five replacements in ten seconds are enforced
}

// The kinds of limits, as metrics count them.
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

// limitRetry is how long a client that came too often is told to wait.
const limitRetry = time.Second

// limited counts and logs that a limit was reached.
func (s *Server) limited(kind string) {
	s.counts.limited.Add(kind)
	s.log.Debug("limit reached", "limit", kind)
}

// perSecond allows n per second and twice as many at once [SEC-44].
func perSecond(n int) ratelimit.Rate { return ratelimit.Rate{PerSecond: float64(n), Burst: 2 * n} }
