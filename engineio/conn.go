package engineio

import (
	"context"
	"net/http"
	"time"
)

// Receiver is the owner's side of one connection. An opener returns it before
// the open packet is sent.
type Receiver interface {
	// Message hands over one message. It runs in the goroutine that reads the
	// connection (for polling: the POST's), one at a time and in order; blocking
	// it stops the reading. Data is valid only during the call.
	Message(data []byte, binary bool)
	// Closed is called exactly once, in a goroutine of its own, as soon as the
	// connection takes no more messages.
	Closed(why Closure)
}

// Opener makes the receiver of a new connection. A nil receiver refuses it with
// 403. It must not keep r.
type Opener func(c *Conn, r *http.Request) Receiver

// Closure says how a connection ended.
type Closure struct {
	// Server is true when this side ended it by [Conn.End].
	Final bool
	// Code is the close code sent or received; 1006 when there was none.
	Code int
	// Reason is a short English phrase for logs: "ping timeout", …
	Reason string
}

// Conn is one Engine.IO connection. All methods may be called from any
// goroutine and never block on the peer.
type Conn struct{}

// ID is the Engine.IO session id. It is a secret between client and server.
func (c *Conn) ID() string { panic("skeleton") }

// RemoteAddr is the RemoteAddr of the request that opened the connection.
func (c *Conn) RemoteAddr() string { panic("skeleton") }

// Transport is the transport in use: [Polling] or [WebSocket].
func (c *Conn) Transport() string { panic("skeleton") }

// Context is cancelled when the connection takes no more messages.
func (c *Conn) Context() context.Context { panic("skeleton") }

// Value is what SetValue stored last, or nil.
func (c *Conn) Value() any { panic("skeleton") }

// SetValue stores the owner's own data with the connection.
func (c *Conn) SetValue(v any) { panic("skeleton") }

// Send queues or writes a payload. It is dropped silently once the connection
// ended; the result says whether it was taken.
func (c *Conn) Send(p *Payload) bool { panic("skeleton") }

// Close ends the connection so that an official client comes back by itself.
func (c *Conn) Close(code int, reason string) { panic("skeleton") }

// Abort is Close for a peer that broke the protocol.
func (c *Conn) Abort(code int, reason string) { panic("skeleton") }

// End ends the connection for good: last is the last thing the peer hears.
func (c *Conn) End(code int, reason string, last *Payload) { panic("skeleton") }

// SetAlarm has f called, in the sweeper, at the given time, unless it was
// replaced or (zero time) taken back before.
func (c *Conn) SetAlarm(at time.Time, f func()) { panic("skeleton") }
