package engineio

import (
	"time"
	"unicode/utf8"
)

// Close ends the connection so that an official client comes back by itself: on
// a websocket the close frame with code and reason (at most 123 bytes of UTF-8),
// on polling the Engine.IO close packet with status 503, in the answer to the
// pending or the next poll. On a websocket what was queued before may still be written.
//
// The code is one of [RFC6455:7.4], an application's own are 4000 to 4999; zero
// sends none. A reason that is too long is cut.
func (c *Conn) Close(code int, reason string) {
	c.finish(closing{code: code, reason: reason})
}

// Abort is Close for a peer that broke the protocol: nothing queued is written
// any more, and a polling session is unknown at once.
func (c *Conn) Abort(code int, reason string) {
	c.finish(closing{how: aborted, code: code, reason: reason})
}

// End ends the connection for good. From the moment it returns the connection
// takes no more messages and drops what others send; last is the last thing the
// peer hears.
//
// On a websocket what was queued before may be written first, then last, then
// the close frame with code; after [Config.CloseTimeout] the TCP connection is
// cut. On polling what was queued is dropped (but see
// [Payload.Preface]), last is the answer to the pending
// or next poll, and the Engine.IO close packet comes in the answer to the poll
// after that one: in one answer the official client loses the last event. It is
// kept for [Config.LingerTimeout]; POSTs are answered and discarded. While an
// upgrade is under way last goes to whichever transport the client turns to.
//
// Of last at most 4 KiB are kept for a client that is away: of a longer payload
// only its final packet.
func (c *Conn) End(code int, reason string, last *Payload) {
	c.finish(closing{how: final, code: code, reason: reason, last: last})
}

func (c *Conn) finish(k closing) {
	var fx effects
	c.mu.Lock()
	c.shut(&fx, k)
	c.mu.Unlock()
	c.apply(fx)
}

// Reasons of a [Closure], under the names of the reference server.
const (
	ReasonTransportClose = "transport close"      // the peer closed, or its connection ended
	ReasonTransportError = "transport error"      // the connection broke, or a peer's requests or frames are against the rules
	ReasonPingTimeout    = "ping timeout"         // no pong came in time
	ReasonParseError     = "parse error"          // a packet could not be read
	ReasonForcedClose    = "forced close"         // this side closed it
	ReasonServerShutdown = "server shutting down" // so did Server.Close
)

// closing describes an end of a connection.
type closing struct {
	how    manner
	why    string // a Reason; empty is the usual one for how
	code   int
	reason string   // a detail, which a websocket's close frame carries
	last   *Payload // with final
	forget bool     // leave nothing behind for a polling client
}

// name is the Reason.
func (k closing) name() string {
	switch {
	case k.why != "":
		return k.why
	case k.how == left:
		return ReasonTransportClose
	case k.how == lost:
		return ReasonTransportError
	}
	return ReasonForcedClose
}

// manner of an end.
type manner uint8

const (
	comeBack manner = iota // the client may try again
	final                  // with last words
	aborted                // the peer broke the protocol, or does not read
	left                   // the peer said so
	lost                   // the peer is out of reach
)

// effects is what has to be done once the connection's lock is released: nothing
// is sent, closed or called back under it.
type effects struct {
	over   int      // the queue was too long, with so many bytes,
	reason string   // or all queues were
	why    *Closure // the receiver has to be told
	poll   chan answer
	answer answer // for poll
	kick   *wire  // its reader has to look up
	cut    *wire  // has to be closed
	gently bool   // with the goodbyes of the layers below
	hang   *wire  // nothing more will be sent
}

// apply does them.
func (c *Conn) apply(fx effects) {
	if fx.over > 0 {
		c.server.overflowed(c, fx.over, fx.reason)
	}
	if fx.why != nil {
		c.cancel()
		c.Go(func() { c.receiver.Closed(*fx.why) })
	}
	if fx.poll != nil {
		fx.poll <- fx.answer // one answer for each poll, and room for it
	}
	if fx.kick != nil {
		fx.kick.conn.SetReadDeadline(time.Unix(1, 0))
	}
	if fx.hang != nil {
		fx.hang.hang()
	}
	if fx.cut != nil {
		fx.cut.close(fx.gently)
	}
}

// shut ends an open connection. The caller holds c.mu.
func (c *Conn) shut(fx *effects, k closing) {
	if c.state != open {
		return
	}
	c.state = ended
	c.over.Store(true)
	c.pingAt, c.pongBy, c.alarmAt, c.alarm = 0, 0, 0, nil
	if c.receiver != nil {
		fx.why = &Closure{Final: k.how == final, Code: k.code, Reason: k.name()}
		if k.reason != fx.why.Reason {
			fx.why.Detail = k.reason
		}
	}
	c.transport.ended(fx, k)
	if c.state != gone {
		c.schedule()
	}
}

// leave takes a connection of which nothing is left out of the server. The caller
// holds c.mu.
func (c *Conn) leave() {
	c.state = gone
	c.drop()
	c.server.sweeper.set(c, 0)
	c.server.unregister(c)
}

// overflow ends a connection for which too much waits. The caller holds c.mu,
// which it releases.
func (c *Conn) overflow(reason string) {
	var fx effects
	if c.state == open {
		fx.over, fx.reason = c.out.bytes, reason
		c.shut(&fx, closing{how: aborted, code: c.server.cfg.OverflowCode, reason: reason})
	}
	c.mu.Unlock()
	c.apply(fx)
}

// validReason cuts a reason to what a close frame holds.
func validReason(s string) string {
	const most = 123 // [RFC6455:5.5.1]
	if len(s) <= most && utf8.ValidString(s) {
		return s
	}
	cut := 0
	for i, r := range s {
		if r == utf8.RuneError || i+utf8.RuneLen(r) > most {
			break
		}
		cut = i + utf8.RuneLen(r)
	}
	return s[:cut]
}
