package app

import (
	"time"

	"github.com/turnike/turnike/internal/config"
	"github.com/turnike/turnike/internal/login"
	"github.com/turnike/turnike/internal/ratelimit"
	"github.com/turnike/turnike/internal/realtime"
)

// loginLimits returns what wrong passwords cost. The waits of an account grow. Those
// of an address and of the whole server do not, because many people may share one
// address and must not lock each other out: past the limit, each window admits as
// many attempts again.
func loginLimits(c config.RateLimit) login.Limits {
	if !c.Enabled {
		return login.Limits{}
	}
	steady := func(free int) ratelimit.Backoff {
		every := c.LoginWindow / time.Duration(max(free, 1))
		return ratelimit.Backoff{Free: free, Window: c.LoginWindow, First: every, Max: every}
	}
	return login.Limits{
		Account: ratelimit.Backoff{Free: c.LoginAccount, Window: c.LoginWindow, First: c.LoginBackoff, Max: c.LoginBackoffMax, Total: c.LoginTotal},
		Network: steady(c.LoginNetwork), Global: steady(c.LoginGlobal),
	}
}

// socketLimits returns the limits on sockets. The limit on connections leaves file
// descriptors for the database, logins and commands [SEC-42].
func socketLimits(c config.RateLimit, files int) realtime.Limits {
	if !c.Enabled {
		return realtime.Limits{}
	}
	l := realtime.Limits{
		Connections: c.Connections, UnverifiedPerAddress: c.UnverifiedPerAddress, FailuresPerAddress: c.FailuresPerAddress,
		ConnectionsPerSession: c.ConnectionsPerSession, PollsPerConnection: c.PollsPerConnection,
		EventsPerSocket: c.EventsPerSocket, EventsPerUser: c.EventsPerUser, OnlineUsers: c.OnlineUsers, Replacements: true,
	}
	if most := max(files-spareFiles, 1); files > 0 && (l.Connections == 0 || l.Connections > most) {
		l.Connections = most
	}
	return l
}
