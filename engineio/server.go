package engineio

import (
	"context"
	"encoding/json"
	"iter"
	"log/slog"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Server is an [http.Handler] that serves Engine.IO on any path. Create it with
// [NewServer].
type Server struct {
	cfg   Config
	open  Opener
	start time.Time // origin of every deadline, see now

	ping     *Payload  // encoded once for all heartbeats
	buffers  sync.Pool // *[bufferSize]byte, for messages that need one
	sweeper  sweeper
	running  tracker      // goroutines and registered connections
	queued   atomic.Int64 // bytes queued for all peers
	evicting atomic.Bool  // one eviction at a time

	mu     sync.Mutex // guards closed and conns
	closed bool
	conns  map[string]*Conn // by session id, including ended connections that linger
}

// bufferSize is the size of pooled buffers: the most that a peer can make the server
// allocate before sending as much. [SEC-38]
const bufferSize = 4096

// NewServer returns a server that calls open for the receiver of each new connection.
func NewServer(cfg Config, open Opener) *Server {
	s := &Server{
		cfg:   cfg.withDefaults(),
		open:  open,
		start: time.Now(),
		ping:  textPacket(packetPing),
		conns: make(map[string]*Conn),
	}
	s.buffers.New = func() any { return new([bufferSize]byte) }
	s.sweeper.server = s
	s.sweeper.wake = make(chan struct{}, 1)
	return s
}

// now returns the monotonic time since the server was created. It takes a third of the
// memory of a time.Time.
func (s *Server) now() time.Duration { return time.Since(s.start) }

// Len returns the number of connections, including ended ones whose last payload is kept
// for a polling client.
func (s *Server) Len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.conns)
}

// Open returns the number of open connections by transport.
func (s *Server) Open() (polling, websocket int) {
	for _, c := range s.all() {
		switch {
		case c.Ended():
		case c.Transport() == WebSocket:
			websocket++
		default:
			polling++
		}
	}
	return polling, websocket
}

// Queued returns the number of bytes queued for slow peers.
func (s *Server) Queued() int64 { return s.queued.Load() }

// Close refuses new connections with 503 and closes all open ones with code; official
// clients reconnect automatically. It does not wait, see [Server.Wait].
func (s *Server) Close(code int, reason string) {
	s.CloseOver(context.Background(), 0, code, reason)
}

// CloseOver closes the connections one by one in random order, so that not all clients
// reconnect at the same moment. The interval is one millisecond, or shorter to finish
// within over. When ctx ends, the rest is closed without waiting.
func (s *Server) CloseOver(ctx context.Context, over time.Duration, code int, reason string) {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	for c := range s.spread(ctx, over) {
		var fx effects
		c.mu.Lock()
		if p, polls := c.transport.(*polling); polls && c.state == ended {
			p.forget(&fx) // an ended connection that lingers
		}
		c.shut(&fx, closing{why: ReasonServerShutdown, code: code, reason: reason, forget: true})
		c.mu.Unlock()
		c.apply(fx)
	}
}

// Scatter closes the open connections with code like CloseOver, but keeps accepting new
// ones. It stops when ctx ends.
func (s *Server) Scatter(ctx context.Context, over time.Duration, code int, reason string) {
	for c := range s.spread(ctx, over) {
		if ctx.Err() != nil {
			return
		}
		c.Close(code, reason)
	}
}

// spread yields the connections one by one, spread over a duration.
func (s *Server) spread(ctx context.Context, over time.Duration) iter.Seq[*Conn] {
	return func(yield func(*Conn) bool) {
		start, conns := time.Now(), s.all()
		apart := min(time.Millisecond, over/time.Duration(max(len(conns), 1)))
		for i, c := range conns {
			if early := time.Duration(i)*apart - time.Since(start); early > 0 {
				select {
				case <-ctx.Done():
				case <-time.After(early):
				}
			}
			if !yield(c) {
				return
			}
		}
	}
}

// Wait returns when all connections and goroutines of the server have ended, or with the
// context's error.
func (s *Server) Wait(ctx context.Context) error { return s.running.wait(ctx) }

// all returns the registered connections.
func (s *Server) all() []*Conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	conns := make([]*Conn, 0, len(s.conns))
	for _, c := range s.conns {
		conns = append(conns, c)
	}
	return conns
}

// register stores a connection under its id, unless the server is closed.
func (s *Server) register(c *Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.conns[c.id] = c
	s.running.add()
	return true
}

// unregister removes a connection. Further calls do nothing.
func (s *Server) unregister(c *Conn) {
	s.mu.Lock()
	_, known := s.conns[c.id]
	delete(s.conns, c.id)
	s.mu.Unlock()
	if known {
		s.running.done()
	}
}

// lookup returns the connection with an id. [SEC-41] It is one map access for any id.
func (s *Server) lookup(id string) *Conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.conns[id]
}

// guard recovers a panic in a connection's goroutine, reports it and ends the
// connection. It must be deferred directly. [SEC-40]
func (s *Server) guard(c *Conn) {
	if v := recover(); v != nil {
		s.panicked(v)
		c.Abort(codeInternal, "internal error")
	}
}

// caught turns a panic of a writer into an error, so that only the connection being
// written to ends, not the one that sends. It must be deferred directly. [SEC-40]
func (s *Server) caught(err *error) {
	if v := recover(); v != nil {
		s.panicked(v)
		*err = errPanic
	}
}

// panicked reports a panic.
func (s *Server) panicked(v any) {
	stack := debug.Stack()
	if s.cfg.OnPanic != nil {
		s.cfg.OnPanic(v, stack)
		return
	}
	s.cfg.Logger.Error("engineio: panic", slog.Any("value", v), slog.String("stack", string(stack)))
}

// overflowed reports a connection that is closed because its queue is too long.
func (s *Server) overflowed(c *Conn, queued int, reason string) {
	if s.cfg.OnOverflow != nil {
		s.cfg.OnOverflow(c)
		return
	}
	s.cfg.Logger.Warn("engineio: closing a connection that is behind", slog.String("remote", c.remote),
		slog.Int("queued", queued), slog.String("reason", reason))
}

// openPayload returns the first packet of a connection. [eio4:open]
func (s *Server) openPayload(id, transport string) *Payload {
	upgrades := []string{}
	if transport == Polling && slices.Contains(s.cfg.Transports, WebSocket) {
		upgrades = []string{WebSocket}
	}
	data, err := json.Marshal(struct {
		SID          string   `json:"sid"`
		Upgrades     []string `json:"upgrades"`
		PingInterval int64    `json:"pingInterval"`
		PingTimeout  int64    `json:"pingTimeout"`
		MaxPayload   int      `json:"maxPayload"`
	}{id, upgrades, s.cfg.PingInterval.Milliseconds(), s.cfg.PingTimeout.Milliseconds(), s.cfg.MaxPayload})
	if err != nil {
		panic(err) // strings and numbers always encode
	}
	return textPacket(packetOpen, data)
}

// evict closes the connection with the longest queue if all queues together are too
// long. [SEC-46]
func (s *Server) evict() {
	if s.queued.Load() <= s.cfg.MaxQueueTotal || !s.evicting.CompareAndSwap(false, true) {
		return
	}
	defer s.evicting.Store(false)
	var worst *Conn
	longest := 0
	for _, c := range s.all() {
		c.mu.Lock()
		if n := c.out.bytes; c.state == open && n > longest {
			worst, longest = c, n
		}
		c.mu.Unlock()
	}
	if worst != nil {
		worst.mu.Lock()
		worst.overflow("queues are full") // unlocks
	}
}
