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

// Server is an [http.Handler] that serves Engine.IO on whatever path it is
// mounted. Make one with [NewServer].
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
	conns  map[string]*Conn // by session id, those that ended and linger included
}

// bufferSize is the size of pooled buffers: what a peer may make us allocate
// before it sent as much. [SEC-38]
const bufferSize = 4096

// NewServer returns a server whose connections are received by what open
// returns.
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

// now is the time since the server was made: monotonic, and half the size of a
// time.Time in every connection.
func (s *Server) now() time.Duration { return time.Since(s.start) }

// Len is the number of connections, those included that ended and whose last
// words wait for a polling client.
func (s *Server) Len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.conns)
}

// Open is the number of open connections by transport.
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

// Queued is the number of bytes that wait for slow peers.
func (s *Server) Queued() int64 { return s.queued.Load() }

// Close refuses new connections with 503 and closes all open ones with code;
// official clients come back by themselves. It does not wait, see [Server.Wait].
func (s *Server) Close(code int, reason string) {
	s.CloseOver(context.Background(), 0, code, reason)
}

// CloseOver is Close one by one, in no order, so that not all clients come back
// at the same moment: a millisecond apart, or closer where that would take longer
// than over. From ctx's end on there is no wait.
func (s *Server) CloseOver(ctx context.Context, over time.Duration, code int, reason string) {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	for c := range s.spread(ctx, over) {
		var fx effects
		c.mu.Lock()
		if p, polls := c.transport.(*polling); polls && c.state == ended {
			p.forget(&fx) // what lingers from before
		}
		c.shut(&fx, closing{why: ReasonServerShutdown, code: code, reason: reason, forget: true})
		c.mu.Unlock()
		c.apply(fx)
	}
}

// Scatter closes the connections that are open with code, as CloseOver does, and
// goes on taking new ones. It stops at ctx's end.
func (s *Server) Scatter(ctx context.Context, over time.Duration, code int, reason string) {
	for c := range s.spread(ctx, over) {
		if ctx.Err() != nil {
			return
		}
		c.Close(code, reason)
	}
}

// spread gives the connections one by one over a time.
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

// Wait returns when every connection and every goroutine of the server is gone,
// or with the context's error.
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

// register makes a connection known by its id, unless the server is closed.
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

// unregister forgets a connection. It may be called again.
func (s *Server) unregister(c *Conn) {
	s.mu.Lock()
	_, known := s.conns[c.id]
	delete(s.conns, c.id)
	s.mu.Unlock()
	if known {
		s.running.done()
	}
}

// lookup finds a connection. [SEC-41] one map access whatever the id.
func (s *Server) lookup(id string) *Conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.conns[id]
}

// guard recovers a panic of a connection's goroutine, reports it and ends that
// connection. It must be deferred directly. [SEC-40]
func (s *Server) guard(c *Conn) {
	if v := recover(); v != nil {
		s.panicked(v)
		c.Abort(codeInternal, "internal error")
	}
}

// caught makes a panic of a writer its error: whoever writes, often on behalf of
// another connection, ends the connection written to. It must be deferred
// directly. [SEC-40]
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

// overflowed reports a connection that is closed because so many bytes wait.
func (s *Server) overflowed(c *Conn, queued int, reason string) {
	if s.cfg.OnOverflow != nil {
		s.cfg.OnOverflow(c)
		return
	}
	s.cfg.Logger.Warn("engineio: closing a connection that is behind", slog.String("remote", c.remote),
		slog.Int("queued", queued), slog.String("reason", reason))
}

// openPayload is the first packet of a connection. [eio4:open]
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

// evict closes the connection with the longest queue when all queues together
// are too long. [SEC-46]
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
