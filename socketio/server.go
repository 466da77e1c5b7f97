package socketio

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/turnike/turnike/engineio"
)

// Config tunes a [Server]. A zero field means its default.
type Config struct {
	// Engine tunes the connections below. Its OnPanic hears of panics in
	// handlers, too. Its Logger is [slog.Default] when none is set.
	Engine engineio.Config
	// ConnectTimeout is how long a connection may be without a namespace, from
	// its start and again after it left the last (default 45 s); then it is
	// closed with 1008.
	ConnectTimeout time.Duration
	// MaxAttachments bounds the binary attachments of one packet (default 10).
	// Together they may be as long as one message.
	MaxAttachments int
	// MaxDepth bounds the nesting of arrays and objects in one argument, and in
	// the auth object (default 32, at most 64). An attachment is no level.
	MaxDepth int
	// MaxAcks bounds the answers a socket waits for (default 256).
	MaxAcks int
	// AckTimeout bounds the wait for an answer whose context has no earlier end
	// (default 1 min).
	AckTimeout time.Duration
	// RecoverFor is how long the state of a socket is kept whose connection was
	// lost (default 0, not at all): a client that comes back in time gets its id,
	// rooms, value and the events it missed, if the last one it had is among the
	// latest 64; see [Socket.Recovered]. The functions of Use, OnDisconnect and
	// OnConnect run as for any other. Each event of Emit then has one argument
	// more, a string by which the client says what it had last. What is sent by
	// Send or wants an answer is not kept.
	RecoverFor time.Duration
	// MaxRecover bounds the sockets of one namespace whose state is kept (default
	// 1000). Each keeps 256 KiB of events at most.
	MaxRecover int
	// NoHandshake saves the memory of [Socket.Handshake], which then knows nothing:
	// some 2 KB for a browser's connection.
	NoHandshake bool
	// MaxEvents bounds the events of one socket that wait for their handler
	// (default 32); when it is reached the connection is not read further.
	MaxEvents int
	// Open, when set, sees each new connection with the request that opened it,
	// before anything is sent, and refuses it by an error, see
	// [engineio.Opener]. It must not keep r; what it needs belongs into
	// [engineio.Conn.SetValue].
	Open func(c *engineio.Conn, r *http.Request) error
	// Closed, when set, hears once of the end of each connection that Open let
	// in, before its sockets do. It must not block.
	Closed func(c *engineio.Conn)
}

func (cfg Config) withDefaults() Config {
	def := func(n *int, v int) {
		if *n <= 0 {
			*n = v
		}
	}
	def(&cfg.MaxAttachments, 10)
	def(&cfg.MaxDepth, 32)
	def(&cfg.MaxAcks, 256)
	def(&cfg.MaxEvents, 32)
	def(&cfg.MaxRecover, 1000)
	cfg.MaxDepth = min(cfg.MaxDepth, maxDepth)
	if cfg.ConnectTimeout <= 0 {
		cfg.ConnectTimeout = 45 * time.Second
	}
	if cfg.AckTimeout <= 0 {
		cfg.AckTimeout = time.Minute
	}
	if cfg.Engine.MaxPayload <= 0 {
		cfg.Engine.MaxPayload = 65536 // attachments are measured by it, too
	}
	if cfg.Engine.Logger == nil {
		cfg.Engine.Logger = slog.Default()
	}
	return cfg
}

// Server is an [http.Handler] that serves Socket.IO on whatever path it is
// mounted. Make one with [NewServer].
type Server struct {
	cfg    Config
	engine *engineio.Server

	closing atomic.Pointer[farewell] // nil until Close

	mu         sync.RWMutex // guards namespaces
	namespaces map[string]*Namespace
}

// NewServer returns a server. Its namespaces and handlers are best added before
// it serves; they may be added at any time, from any goroutine.
func NewServer(cfg Config) *Server {
	s := &Server{cfg: cfg.withDefaults(), namespaces: make(map[string]*Namespace)}
	s.engine = engineio.NewServer(s.cfg.Engine, s.open)
	return s
}

// open makes the receiver of a new connection.
func (s *Server) open(c *engineio.Conn, r *http.Request) (engineio.Receiver, error) {
	if s.cfg.Open != nil {
		if err := s.cfg.Open(c, r); err != nil {
			return nil, err
		}
	}
	cl := &client{server: s, conn: c} // [sio5:explicit] in no namespace yet
	if !s.cfg.NoHandshake {
		cl.handshake = newHandshake(r)
	}
	cl.await()
	return cl, nil
}

// ServeHTTP implements [http.Handler].
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.engine.ServeHTTP(w, r) }

// Engine is the server of the connections below.
func (s *Server) Engine() *engineio.Server { return s.engine }

// Of returns the namespace of that name and makes it when there is none. The main
// one is "/"; a name without its slash gets one: "chat" is "/chat", which is how
// clients write it. Of panics for a name with a comma, which no client can reach.
func (s *Server) Of(name string) *Namespace {
	name = withSlash(name)
	if strings.Contains(name, ",") {
		panic(fmt.Sprintf("socketio: no client can reach the namespace %q: a name has no comma", name))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.namespaces[name]
	if n == nil {
		n = newNamespace(s, name)
		s.namespaces[name] = n
	}
	return n
}

// withSlash returns a namespace's name as it is on the wire.
func withSlash(name string) string {
	if strings.HasPrefix(name, "/") {
		return name
	}
	return "/" + name
}

// namespace returns the namespace of that name, or nil.
func (s *Server) namespace(name string) *Namespace {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.namespaces[name]
}

// Close refuses new connections and closes every open one with code, without
// DISCONNECT: official clients come back. It does not wait.
func (s *Server) Close(code int, reason string) {
	s.closing.Store(&farewell{code, reason})
	s.engine.Close(code, reason)
}

// CloseOver is Close spread over a time, see [engineio.Server.CloseOver].
func (s *Server) CloseOver(ctx context.Context, over time.Duration, code int, reason string) {
	s.closing.Store(&farewell{code, reason})
	s.engine.CloseOver(ctx, over, code, reason)
}

// Wait returns when every connection and goroutine is gone, or with the
// context's error.
func (s *Server) Wait(ctx context.Context) error { return s.engine.Wait(ctx) }
