package realtime

import (
	"crypto/sha256"
	"sync"
	"sync/atomic"
	"time"

	"github.com/turnike/turnike/engineio"
	"github.com/turnike/turnike/internal/logging"
	"github.com/turnike/turnike/internal/session"
	"github.com/turnike/turnike/internal/text"
	"github.com/turnike/turnike/socketio"
)

// client is one socket bound to its session.
type client struct {
	server *Server
	sock   *socketio.Socket
	lang   string
	token  [sha256.Size]byte // hash of the auth.token it connected with; zero for the cookie
	admin  bool              // sees all [P5], holds no seat [A8]
	sid    string            // the session it connected to; its successor is in the record
	user   string            // id
	until  time.Time         // when the token that it connected with is over before the session, see [auth.Identity]
	record *record           // guarded by the registry
	buckets

	registered atomic.Bool  // inside
	expiring   atomic.Bool  // somebody ends its session, whose time is over
	watches    atomic.Bool  // waits for a seat on purpose: it need not register in time [S9]
	entering   atomic.Bool  // registers right now: what it hears next is the answer
	told       atomic.Bool  // the core may know of it, so it must be told that it left
	over       atomic.Bool  // its session has ended, so the core need not be told: it can never let it in again
	lastSync   atomic.Int64 // milliseconds
	lastList   atomic.Int64 // likewise, of get_online_users
	lastSlots  atomic.Int64 // likewise, of connection_slots

	mu    sync.Mutex // guards the rest
	timer *time.Timer
	late  bool // it did not register in time
}

func clientOf(sock *socketio.Socket) *client {
	c, _ := sock.Value().(*client)
	return c
}

// awaitRegister starts the time within which the client must register, unless it
// watches.
func (c *client) awaitRegister() {
	if c.watches.Load() {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.timer != nil {
		c.timer.Stop()
	}
	var mine *time.Timer
	mine = time.AfterFunc(c.server.cfg.RegisterTimeout, func() {
		c.mu.Lock()
		c.late = c.timer == mine
		due := c.late
		c.mu.Unlock()
		if due {
			c.end(eventConnectionEnded, codeRegisterTimeout, "", c.server.now())
		}
	})
	c.timer = mine
}

// stopAwaiting stops that time; false when it is over: the client is being put
// out.
func (c *client) stopAwaiting() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.timer != nil {
		c.timer.Stop()
		c.timer = nil
	}
	return !c.late
}

// end puts the client out for good: it hears why and when, by the machine's clock,
// and nothing after [K2-K4].
func (c *client) end(event, code, reason string, at time.Time) {
	defer c.server.recovered("an end", func() { c.sock.Conn().Abort(closeInternal, codeInternal) })
	last := encode(event, ended{Code: code, Reason: reason, At: timestamp(at),
		Message: text.Of(c.lang, code, true, text.Fields{At: at})})
	c.sock.End(finalClose(code), code, last)
}

// fail answers an event with a refusal.
func (c *client) fail(ack *socketio.Ack, f failure, fields text.Fields) {
	c.server.counts.refusals.Add(f.Code)
	f.Message = text.Of(c.lang, f.Code, false, fields)
	c.sock.Send(engineio.Concat(answer(ack, f), encode(eventResponse, f)))
}

// disconnected is called once for each client that had connected.
func (s *Server) disconnected(sock *socketio.Socket, why socketio.Reason) {
	c := clientOf(sock)
	if c == nil {
		return
	}
	c.stopAwaiting()
	rec := s.sessions.snapshot(c)
	s.sessions.detach(c)
	s.pool(rec.pool).push(gone{c})
	if !c.told.Load() || c.over.Load() {
		return
	}
	s.leave(session.Disconnect{User: rec.user, Conn: sock.ID(), Clean: why == socketio.ClientDisconnect})
}

// maxQueue is how many bytes may wait for a client that reads nothing. [SEC-46]
const maxQueue = 256 << 10

// slowConsumer hears of connections closed because they could not keep up.
func (s *Server) slowConsumer(conn *engineio.Conn) {
	s.counts.slow.Add(1)
	hs := handshakeOf(conn)
	if hs == nil {
		return
	}
	hs.mu.Lock()
	c := hs.client
	hs.mu.Unlock()
	if c == nil {
		return
	}
	s.sessions.fellBehind(c)
	s.log.Warn("slow consumer closed", "socket", c.sock.ID(), "conn", logging.Short(conn.ID()))
}
