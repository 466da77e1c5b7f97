package realtime

import (
	"github.com/turnike/turnike/internal/session"
	"github.com/turnike/turnike/internal/text"
	"github.com/turnike/turnike/socketio"
)

// handlers answers the events of clients.
type handlers struct{ *Server }

// admitEvent decides whether an event's handler runs. It does not for events that
// come too often [SEC-44] and for those of a session past its time [T2] [SEC-19].
// Pings are no activity [S11].
func (s handlers) admitEvent(sock *socketio.Socket, name string, ack *socketio.Ack) bool {
	c := clientOf(sock)
	if !s.mayAct(c, ack) {
		return false
	}
	if now := s.now(); !c.until.IsZero() && !now.Before(c.until) {
		c.end(eventSessionEnded, string(session.Expired), "", c.until)
		return false
	}
	sid, expired := s.sessions.current(c, s.core.Now())
	if expired {
		if c.expiring.Swap(true) {
			return false // if that attempt fails, the sweep ends the session
		}
		user := s.sessions.snapshot(c).user
		s.tasks.Go(func() {
			if err := s.core.Expire(s.ctx, user); err != nil {
				s.log.Error("session not expired", "error", err)
			}
		})
		return false
	}
	if name != eventPing {
		s.core.Active(sid)
	}
	return true
}

// mayAct counts an event of the client and reports whether it is within the limits.
// A client that goes on past them is closed [SEC-44]. Only the reading goroutine
// may call it.
func (s handlers) mayAct(c *client, ack *socketio.Ack) bool {
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

// actsTooOften refuses an event. If refusals themselves come too often, it closes
// the connection. It always returns false.
func (s handlers) actsTooOften(c *client, ack *socketio.Ack) bool {
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
