package engineio

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// Receiver receives the messages of one connection. An [Opener] returns it before the
// open packet is sent.
type Receiver interface {
	// Message is called for each message, one at a time and in order, in the goroutine
	// that reads the connection (for polling: that of the POST). While it blocks,
	// nothing is read. Data is valid only during the call.
	Message(data []byte, binary bool)
	// Closed is called exactly once, in its own goroutine, as soon as the connection
	// accepts no more messages. A Message call may still be running.
	Closed(why Closure)
}

// Opener returns the receiver of a new connection. An error refuses the connection, as
// in [Config.CheckRequest]. It must not keep r, because its body and context end with
// the call; use [Conn.Request] instead.
type Opener func(c *Conn, r *http.Request) (Receiver, error)

// Closure describes how a connection ended.
type Closure struct {
	// Final is true if [Conn.End] ended the connection.
	Final bool
	// Code is the close code that was sent or received, or 1006 if there was none.
	Code int
	// Reason is the reference server's name for the end: [ReasonPingTimeout], …
	Reason string
	// Detail is a short English phrase for logs, or empty: the reason given to
	// [Conn.Close], "overlapping polls", …
	Detail string
}

// Conn is one Engine.IO connection. All methods are safe for concurrent use and none
// waits for the peer.
type Conn struct {
	id       string
	remote   string
	request  *http.Request
	server   *Server
	receiver Receiver
	ctx      context.Context
	cancel   context.CancelFunc
	value    atomic.Pointer[any]
	taken    atomic.Int64 // since server.start: when the peer last took bytes, or bytes were first queued for it
	over     atomic.Bool  // mirrors state != open, for readers without the lock

	due   time.Duration // next wake-up; guarded by sweeper.mu
	index int           // place in the sweeper's heap plus one; guarded by sweeper.mu

	mu        sync.Mutex // guards the fields below, and those that transports and probes mark
	state     state
	transport transport
	out       queue // payloads queued for the peer

	pingAt  time.Duration // deadlines since server.start; zero means none
	pongBy  time.Duration
	alarmAt time.Duration
	alarm   func()

	unasked     int           // number of unsolicited packets
	unaskedFrom time.Duration // received since this time
}

// state of a connection. It only increases.
type state uint8

const (
	open  state = iota // messages flow
	ended              // accepts no messages; the last frames may still be in transit
	gone               // nothing is left to do
)

// newConn returns a connection with its open packet queued.
func (s *Server) newConn(id, transport string, r *http.Request) *Conn {
	c := &Conn{id: id, remote: r.RemoteAddr, server: s}
	if transport == WebSocket {
		c.transport = &webSocket{conn: c, writing: true} // until its handshake is answered
	} else {
		c.transport = &polling{conn: c}
	}
	c.taken.Store(int64(s.now()))
	c.ctx, c.cancel = context.WithCancel(context.Background())
	if !s.cfg.ForgetRequest {
		c.request = (&http.Request{Method: r.Method, URL: r.URL, Proto: r.Proto, ProtoMajor: r.ProtoMajor, ProtoMinor: r.ProtoMinor,
			Header: r.Header, Host: r.Host, RemoteAddr: r.RemoteAddr, RequestURI: r.RequestURI, TLS: r.TLS}).WithContext(c.ctx)
	}
	c.enqueue(s.openPayload(id, transport))
	return c
}

// ID returns the Engine.IO session id. It is a secret between client and server.
func (c *Conn) ID() string { return c.id }

// RemoteAddr returns the RemoteAddr of the request that opened the connection.
func (c *Conn) RemoteAddr() string { return c.remote }

// Request returns the request that opened the connection: method, URL, headers, host,
// TLS state. It has no body, its context is that of the connection, and it must not be
// changed. It is nil with [Config.ForgetRequest].
func (c *Conn) Request() *http.Request { return c.request }

// Transport returns the transport in use, [Polling] or [WebSocket].
func (c *Conn) Transport() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.transport.name()
}

// Context returns a context that is cancelled when the connection ends.
func (c *Conn) Context() context.Context { return c.ctx }

// Ended reports whether the connection has ended and accepts no more messages.
func (c *Conn) Ended() bool { return c.over.Load() }

// Value returns the value that SetValue stored last, or nil.
func (c *Conn) Value() any {
	if v := c.value.Load(); v != nil {
		return *v
	}
	return nil
}

// SetValue stores application data with the connection.
func (c *Conn) SetValue(v any) { c.value.Store(&v) }

// Go runs f in a goroutine of the connection: [Server.Wait] waits for it, and a panic in
// f ends only this connection.
func (c *Conn) Go(f func()) {
	c.server.running.add()
	go func() {
		defer c.server.running.done()
		defer c.server.guard(c)
		f()
	}()
}

// SetAlarm calls f at the given time, unless the connection has ended by then. A later
// call replaces the alarm; the zero time cancels it. f runs in the sweeper: it must be
// cheap and must not block.
func (c *Conn) SetAlarm(at time.Time, f func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if at.IsZero() || c.state != open {
		c.alarmAt, c.alarm = 0, nil
		return
	}
	c.alarmAt, c.alarm = max(at.Sub(c.server.start), 1), f
	c.schedule()
}
