package realtime

import (
	"crypto/sha256"
	"sync"
	"sync/atomic"
	"time"

	"github.com/turnike/turnike/engineio"
	"github.com/turnike/turnike/internal/ratelimit"
	"github.com/turnike/turnike/internal/text"
	"github.com/turnike/turnike/internal/wire"
	"github.com/turnike/turnike/socketio"
)

// client is a socket bound to its session. It implements presence.Receiver.
type client struct {
	server *Server
	sock   *socketio.Socket
	lang   string
	token  [sha256.Size]byte // hash of the auth.token it connected with; zero for the cookie
	admin  bool              // sees every name [P5], holds no seat [A8]
	sid    string            // the session it connected to; after a rotation the record has the successor
	user   string            // id
	until  time.Time         // when its token expires before the session, see [auth.Identity]; else zero
	record *record           // guarded by the registry

	// The reading goroutine's own.
	events   *ratelimit.Bucket
	refusals *ratelimit.Bucket // of events that came too often

	registered   atomic.Bool  // inside
	expiring     atomic.Bool  // a task ends its session, which has expired
	watches      atomic.Bool  // waits for a seat on purpose, so it need not register in time [S9]
	registering  atomic.Bool  // the next thing that it hears is the answer to its registration
	registerSent atomic.Bool  // the core may know the connection, so it must be told when it leaves
	sessionEnded atomic.Bool  // the core never lets it in again, so it need not be told
	lastSync     atomic.Int64 // milliseconds, of presence_sync
	lastList     atomic.Int64 // milliseconds, of get_online_users
	lastSlots    atomic.Int64 // milliseconds, of connection_slots

	mu               sync.Mutex // guards the rest
	timer            *time.Timer
	registerTimedOut bool
}

func clientOf(sock *socketio.Socket) *client {
	c, _ := sock.Value().(*client)
	return c
}

// Send implements presence.Receiver.
func (c *client) Send(p *engineio.Payload) bool { return c.sock.Send(p) }

// Ended implements presence.Receiver.
func (c *client) Ended() bool { return c.sock.Ended() }

// Close implements presence.Receiver.
func (c *client) Close() { c.sock.Conn().Close(closeInternal, codeInternal) }

// Registering implements presence.Receiver.
func (c *client) Registering() bool { return c.registering.Load() }

// SeesAll implements presence.Receiver.
func (c *client) SeesAll() bool { return c.admin }

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
		c.registerTimedOut = c.timer == mine
		due := c.registerTimedOut
		c.mu.Unlock()
		if due {
			c.end(eventConnectionEnded, codeRegisterTimeout, "", c.server.now())
		}
	})
	c.timer = mine
}

// stopAwaiting stops the time to register. It returns false if the time is over:
// then the client is being ended.
func (c *client) stopAwaiting() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.timer != nil {
		c.timer.Stop()
		c.timer = nil
	}
	return !c.registerTimedOut
}

// end ends the client for good. It hears why and when, by the machine's clock, and
// nothing after that [K2-K4].
func (c *client) end(event, code, reason string, at time.Time) {
	defer c.server.recovered("an end", func() { c.sock.Conn().Abort(closeInternal, codeInternal) })
	last := encode(event, ended{Code: code, Reason: reason, At: wire.Timestamp(at),
		Message: text.Of(c.lang, code, true, text.Fields{At: at})})
	c.sock.End(finalClose(code), code, last)
}

// fail answers an event with a refusal.
func (c *client) fail(ack *socketio.Ack, f failure, fields text.Fields) {
	c.server.counts.refusals.Add(f.Code)
	f.Message = text.Of(c.lang, f.Code, false, fields)
	c.sock.Send(engineio.Concat(answer(ack, f), encode(eventResponse, f)))
}
