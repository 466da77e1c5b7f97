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
	// Engine configures the Engine.IO connections. Its OnPanic is also called for panics
	// in handlers. Its Logger is [slog.Default] if none is set.
	Engine engineio.Config
	// ConnectTimeout is how long a connection may be in no namespace, at its start and
	// after leaving the last one (default 45 s). After that it is closed with 1008.
	ConnectTimeout time.Duration
	// MaxAttachments bounds the binary attachments of one packet (default 10). Their
	// total size may be that of one message.
	MaxAttachments int
	// MaxDepth bounds the nesting of arrays and objects in one argument, and in the auth
	// object (default 32, at most 64). An attachment does not count as a level.
	MaxDepth int
	// MaxAcks bounds the pending answers of a socket (default 256).
	MaxAcks int
	// AckTimeout bounds the wait for an answer if its context does not end earlier
	// (default 1 min).
	AckTimeout time.Duration
	// RecoverFor is how long the state of a socket is kept after its connection was lost
	// (default 0, not at all). A client that reconnects in time gets its id, rooms,
	// value and the events it missed, if the last event it received is among the latest
	// 64; see [Socket.Recovered]. The functions of Use, OnDisconnect and OnConnect run
	// as usual. Each event of Emit then has an additional last argument, a string that
	// identifies the event when the client reconnects. Payloads of Send and events that
	// need an answer are not kept.
	RecoverFor time.Duration
	// MaxRecover bounds the lost sockets of one namespace whose state is kept (default
	// 1000), each with at most 256 KiB of events.
	MaxRecover int
	// NoHandshake saves the memory of [Socket.Handshake], about 2 KB for a browser's
	// connection. See there for what it still contains.
	NoHandshake bool
	// MaxEvents bounds the queued events of one socket (default 32). When the queue is
	// full, reading from the connection pauses.
	MaxEvents int
	// Open, if set, is called for each new connection with the request that opened it,
	// before anything is sent. An error refuses the connection, see [engineio.Opener].
	// It must not keep r; use [engineio.Conn.SetValue] to store data.
	Open func(c *engineio.Conn, r *http.Request) error
	// Closed, if set, is called once at the end of each connection that Open accepted,
	// before its sockets end. It must not block.
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
		cfg.Engine.MaxPayload = 65536 // also bounds attachments
	}
	if cfg.Engine.Logger == nil {
		cfg.Engine.Logger = slog.Default()
	}
	return cfg
}

// Server is an [http.Handler] that serves Socket.IO on any path. Create it with
// [NewServer].
type Server struct {
	cfg    Config
	engine *engineio.Server

	closing atomic.Pointer[farewell] // nil until Close

	mu         sync.RWMutex // guards namespaces
	namespaces map[string]*Namespace
}

// NewServer returns a server. Add namespaces and handlers before it serves if possible;
// they may be added at any time, from any goroutine.
func NewServer(cfg Config) *Server {
	s := &Server{cfg: cfg.withDefaults(), namespaces: make(map[string]*Namespace)}
	s.engine = engineio.NewServer(s.cfg.Engine, s.open)
	return s
}

// open returns the receiver of a new connection.
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

// Engine returns the Engine.IO server.
func (s *Server) Engine() *engineio.Server { return s.engine }

// Of returns the namespace with a name and creates it if necessary. The main namespace
// is "/". A missing slash is added, as in clients: "chat" is "/chat". Of panics for a
// name with a comma, which no client can reach.
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

// withSlash returns a namespace's name in its wire form.
func withSlash(name string) string {
	if strings.HasPrefix(name, "/") {
		return name
	}
	return "/" + name
}

// namespace returns the namespace with a name, or nil.
func (s *Server) namespace(name string) *Namespace {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.namespaces[name]
}

// Close refuses new connections and closes all open ones with code, without DISCONNECT,
// so that official clients reconnect. It does not wait.
func (s *Server) Close(code int, reason string) {
	s.closing.Store(&farewell{code, reason})
	s.engine.Close(code, reason)
}

// CloseOver is Close spread over a time, see [engineio.Server.CloseOver].
func (s *Server) CloseOver(ctx context.Context, over time.Duration, code int, reason string) {
	s.closing.Store(&farewell{code, reason})
	s.engine.CloseOver(ctx, over, code, reason)
}

// Wait returns when all connections and goroutines have ended, or with the context's
// error.
func (s *Server) Wait(ctx context.Context) error { return s.engine.Wait(ctx) }
