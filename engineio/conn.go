package engineio

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// Receiver is the owner's side of one connection. An [Opener] returns it before
// the open packet is sent.
type Receiver interface {
	// Message hands over one message. It runs in the goroutine that reads the
	// connection (for polling: the POST's), one at a time and in order; while it
	// blocks nothing more is read. Data is valid only during the call.
	Message(data []byte, binary bool)
	// Closed is called exactly once, in a goroutine of its own, as soon as the
	// connection takes no more messages. A Message may still be running.
	Closed(why Closure)
}

// Opener makes the receiver of a new connection. An error refuses it, as one of
// [Config.CheckRequest] does. It must not keep r, whose
// body and context end with it; what stays of it is [Conn.Request].
type Opener func(c *Conn, r *http.Request) (Receiver, error)

// Closure says how a connection ended.
type Closure struct {
	// Final is true when this side ended it by [Conn.End].
	Final bool
	// Code is the close code that was sent or received; 1006 when there was none.
	Code int
	// Reason is the reference server's name for it: [ReasonPingTimeout], …
	Reason string
	// Detail is a short English phrase for logs that says more, or empty: what
	// the owner gave to [Conn.Close], "overlapping polls", …
	Detail string
}

// Conn is one Engine.IO connection. All methods may be called from any
// goroutine and none waits for the peer.
type Conn struct {
	id       string
	remote   string
	request  *http.Request
	server   *Server
	receiver Receiver
	ctx      context.Context
	cancel   context.CancelFunc
	value    atomic.Pointer[any]
	taken    atomic.Int64 // when the peer last took something, or something began to wait for it, since server.start
	over     atomic.Bool  // mirrors state != open, for readers without the lock

	due   time.Duration // next wake-up; guarded by sweeper.mu
	index int           // place in the sweeper's heap plus one; guarded by sweeper.mu

	mu        sync.Mutex // guards the rest, and what transports and probes say
	state     state
	transport transport
	out       queue // what waits for the peer

	pingAt  time.Duration // deadlines since server.start; zero is none
	pongBy  time.Duration
	alarmAt time.Duration
	alarm   func()

	unasked     int           // packets nobody asked for,
	unaskedFrom time.Duration // since then
}

// state of a connection. It only rises.
type state uint8

const (
	open  state = iota // messages flow
	ended              // takes no more messages; last frames may be on their way
	gone               // nothing is left of it
)

// newConn makes a connection with its open packet queued.
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

// ID is the Engine.IO session id. It is a secret between client and server.
func (c *Conn) ID() string { return c.id }

// RemoteAddr is the RemoteAddr of the request that opened the connection.
func (c *Conn) RemoteAddr() string { return c.remote }

// Request is the request that opened the connection: method, URL, headers, host,
// TLS state. It has no body, its context is the connection's, and it must not be
// changed. It is nil with [Config.ForgetRequest].
func (c *Conn) Request() *http.Request { return c.request }

// Transport is the transport in use, [Polling] or [WebSocket].
func (c *Conn) Transport() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.transport.name()
}

// Context is cancelled when the connection takes no more messages.
func (c *Conn) Context() context.Context { return c.ctx }

// Ended reports whether the connection takes no more messages.
func (c *Conn) Ended() bool { return c.over.Load() }

// Value is what SetValue stored last, or nil.
func (c *Conn) Value() any {
	if v := c.value.Load(); v != nil {
		return *v
	}
	return nil
}

// SetValue stores the owner's own data with the connection.
func (c *Conn) SetValue(v any) { c.value.Store(&v) }

// Go runs f in a goroutine that belongs to the connection: [Server.Wait] waits
// for it, and a panic in it ends this connection only.
func (c *Conn) Go(f func()) {
	c.server.running.add()
	go func() {
		defer c.server.running.done()
		defer c.server.guard(c)
		f()
	}()
}

// SetAlarm has f called at the given time, unless it was replaced or, by the
// zero time, taken back before, or the connection ended. F runs in the sweeper:
// it must be cheap and must not block.
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
