package socketio

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/turnike/turnike/engineio"
)

// Close codes sent by this package. [RFC6455:7.4.1]
const (
	codeProtocol = 1002
	codePolicy   = 1008
	codeInternal = 1011
)

// client is one connection and its sockets. It implements engineio.Receiver.
type client struct {
	server    *Server
	conn      *engineio.Conn
	handshake *Handshake  // shared by all sockets, without Auth; nil if not kept
	forced    atomic.Bool // closed because of the client's data or a panic

	pending *reassembly // used by the reading goroutine only [SEC-39] one at most
	answers idleCount   // answers that match no event
	repeats idleCount   // CONNECTs that start no new socket

	mu      sync.Mutex // guards the rest
	sockets []*Socket  // the latest of each namespace [sio5:namespace]
	closed  bool
}

// Message implements engineio.Receiver.
func (c *client) Message(data []byte, binary bool) {
	if err := c.message(data, binary); err != nil {
		code := codePolicy
		if errors.Is(err, errPacket) || errors.Is(err, errJSON) {
			code = codeProtocol
		}
		c.abort(code, err.Error())
	}
}

// abort closes the connection because of an error of the client or a panic.
func (c *client) abort(code int, reason string) {
	c.forced.Store(true)
	c.conn.Abort(code, reason)
}

func (c *client) message(data []byte, binary bool) error {
	cfg := &c.server.cfg
	if binary {
		if c.pending == nil {
			return errUnexpected
		}
		complete, err := c.pending.add(data, cfg.Engine.MaxPayload) // [sio5:attachments]
		if err != nil || !complete {
			return err
		}
		p, err := c.pending.finish(cfg)
		c.pending = nil
		if err != nil {
			return err
		}
		return c.dispatch(p)
	}
	if c.pending != nil {
		return errUnexpected
	}
	p, err := decodePacket(data, cfg)
	if err != nil {
		return err
	}
	if p.attachments > 0 {
		c.pending = &reassembly{packet: p}
		return nil
	}
	return c.dispatch(p)
}

// dispatch passes a packet to its socket.
func (c *client) dispatch(p packet) error {
	if p.kind == connect {
		return c.connect(p)
	}
	s := c.socket(p.namespace)
	if s == nil {
		return errUnexpected // [SEC-39] [sio5:connect-first]
	}
	switch p.kind {
	case disconnect:
		s.leave()
	case ack:
		if !s.acked(p) && !c.answers.add() {
			return errUnexpected
		}
	default:
		return s.event(p)
	}
	return nil
}

// socket returns the latest socket of a namespace, or nil.
func (c *client) socket(namespace string) *Socket {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.sockets {
		if s.namespace.name == namespace {
			return s
		}
	}
	return nil
}

// all returns a copy of the sockets.
func (c *client) all() []*Socket {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]*Socket(nil), c.sockets...)
}

// connect starts a socket. [sio5:connect]
func (c *client) connect(p packet) error {
	n, old := c.server.namespace(p.namespace), c.socket(p.namespace)
	if (n == nil || old != nil) && !c.repeats.add() {
		return errUnexpected
	}
	if n == nil {
		refusal, err := encodeConnectError(p.namespace, "Invalid namespace", nil) // [sio5:invalid-namespace]
		if err != nil {
			return errPacket
		}
		c.conn.Send(refusal)
		return nil
	}
	if old != nil && old.alive() {
		return nil // the official client sends it twice if connect() is called twice
	}
	s := newSocket(c, n)
	s.auth = append(s.auth, p.auth...)
	if n.recovers() {
		s.recover()
	}
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		s.cancel()
		return nil
	}
	replaced := false
	for i, old := range c.sockets {
		if old.namespace == n {
			c.sockets[i], replaced = s, true
		}
	}
	if !replaced {
		c.sockets = append(c.sockets, s)
	}
	c.mu.Unlock()
	s.start()
	return nil
}

// await closes the connection if it is in no namespace for too long. [SEC-36]
// [sio5:connect-timeout] Until then it may enter one again. [sio5:disconnect]
func (c *client) await() {
	c.conn.SetAlarm(time.Now().Add(c.server.cfg.ConnectTimeout), func() {
		for _, s := range c.all() {
			if s.alive() {
				c.await() // it may be leaving right now
				return
			}
		}
		c.conn.Close(codePolicy, "connect timeout")
	})
}

// joined is called when a socket has connected.
func (c *client) joined() { c.conn.SetAlarm(time.Time{}, nil) }

// Closed implements engineio.Receiver.
func (c *client) Closed(why engineio.Closure) {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	reason := c.reason(why)
	defer func() { // even if Closed panics
		for _, s := range c.all() {
			s.lost(reason)
		}
	}()
	if closed := c.server.cfg.Closed; closed != nil {
		closed(c.conn)
	}
}
