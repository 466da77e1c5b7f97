package engineio

import (
	"time"
	"unicode/utf8"
)

// Close ends the connection in a way that makes an official client reconnect. On a
// websocket it sends a close frame with code and reason (at most 123 bytes of UTF-8). On
// polling it sends the Engine.IO close packet with status 503, in the answer to the
// pending or the next poll. On a websocket, messages that are already queued may still
// be written.
//
// The code is one of [RFC6455:7.4]; 4000 to 4999 are for applications; zero sends no
// code. A reason that is too long is cut.
func (c *Conn) Close(code int, reason string) {
	c.finish(closing{code: code, reason: reason})
}

// Abort is Close for a peer that broke the protocol: it drops the queue and forgets a
// polling session at once.
func (c *Conn) Abort(code int, reason string) {
	c.finish(closing{how: aborted, code: code, reason: reason})
}

// End ends the connection for good. Once it returns, the connection accepts no messages
// from the peer and drops everything that is sent to it. last is the final payload that
// the peer receives.
//
// On a websocket, messages that are already queued may be written first, then last, then
// the close frame with code; after [Config.CloseTimeout] the TCP connection is cut. On
// polling the queue is dropped (but see [Payload.Preface]), last is the answer to the
// pending or next poll, and the Engine.IO close packet is the answer to the poll after
// that: if both were in one answer, the official client would lose the last event. last
// is kept for [Config.LingerTimeout]; POSTs are answered and discarded. During an
// upgrade, last is sent on the transport that the client chooses.
//
// For a client without a pending poll at most 4 KiB of last are kept; of a longer
// payload only its final packet.
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

// Reasons of a [Closure], named as in the reference server.
const (
	ReasonTransportClose = "transport close"      // the peer closed, or its connection ended
	ReasonTransportError = "transport error"      // the connection broke, or the peer's requests or frames violate the protocol
	ReasonPingTimeout    = "ping timeout"         // no pong came in time
	ReasonParseError     = "parse error"          // a packet could not be read
	ReasonForcedClose    = "forced close"         // this side closed the connection
	ReasonServerShutdown = "server shutting down" // Server.Close was called
)

// closing describes how a connection ends.
type closing struct {
	how    manner
	why    string // a Reason; empty selects the default for how
	code   int
	reason string   // a detail, sent in a websocket's close frame
	last   *Payload // only when how is final
	forget bool     // keep nothing for a polling client
}

// name returns the Reason.
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

// manner is the kind of end.
type manner uint8

const (
	comeBack manner = iota // the client may reconnect
	final                  // for good, with a last payload
	aborted                // the peer broke the protocol or does not read
	left                   // the peer closed
	lost                   // the peer cannot be reached
)

// effects collects what to do after the connection's lock is released: nothing is sent,
// closed or called back while it is held.
type effects struct {
	over   int      // length of a queue that was too long, in bytes
	reason string   // which queue was too long
	why    *Closure // to report to the receiver
	poll   chan answer
	answer answer // for poll
	kick   *wire  // interrupt its reader
	cut    *wire  // to be closed
	gently bool   // with a TLS close_notify
	hang   *wire  // close its sending direction
}

// apply carries out the effects.
func (c *Conn) apply(fx effects) {
	if fx.over > 0 {
		c.server.overflowed(c, fx.over, fx.reason)
	}
	if fx.why != nil {
		c.cancel()
		c.Go(func() { c.receiver.Closed(*fx.why) })
	}
	if fx.poll != nil {
		fx.poll <- fx.answer // never blocks: one answer for each poll, capacity 1
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

// shut ends an open connection. Callers must hold c.mu.
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

// leave removes a finished connection from the server. Callers must hold c.mu.
func (c *Conn) leave() {
	c.state = gone
	c.drop()
	c.server.sweeper.set(c, 0)
	c.server.unregister(c)
}

// overflow ends a connection whose queue is too long. Callers must hold c.mu; overflow
// releases it.
func (c *Conn) overflow(reason string) {
	var fx effects
	if c.state == open {
		fx.over, fx.reason = c.out.bytes, reason
		c.shut(&fx, closing{how: aborted, code: c.server.cfg.OverflowCode, reason: reason})
	}
	c.mu.Unlock()
	c.apply(fx)
}

// validReason cuts a reason to the length that fits into a close frame.
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
