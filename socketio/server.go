package socketio

import (
	"context"
	"net/http"
	"time"

	"github.com/turnike/turnike/engineio"
)

// Config tunes a [Server]. A zero field means its default.
type Config struct {
	// Engine tunes the connections below.
	Engine engineio.Config
	// ConnectTimeout is how long a connection may be without a namespace, from
	// its start and again after leaving the last (default 45 s).
	ConnectTimeout time.Duration
	// MaxAttachments bounds the binary attachments of one packet (default 10).
	MaxAttachments int
	// MaxDepth bounds the nesting of JSON, the arguments' array included
	// (default 32, at most 64).
	MaxDepth int
	// MaxAcks bounds the acknowledgements a socket waits for (default 256).
	MaxAcks int
	// MaxEvents bounds the events of one socket that wait for their handler
	// (default 32); when it is reached the connection is not read further.
	MaxEvents int
	// Open, when set, sees each new connection with the request that opened it,
	// before anything is sent. It must not keep r; what it needs belongs into
	// [engineio.Conn.SetValue].
	Open func(c *engineio.Conn, r *http.Request)
}

// Server is an http.Handler that serves Socket.IO.
type Server struct{}

// NewServer returns a server. Namespaces and handlers must be registered before
// it serves.
func NewServer(cfg Config) *Server { panic("skeleton") }

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { panic("skeleton") }

// Engine is the server of the connections below.
func (s *Server) Engine() *engineio.Server { panic("skeleton") }

// Of returns the namespace of that name ("/" is the main one), made if new.
func (s *Server) Of(name string) *Namespace { panic("skeleton") }

// Close refuses new connections and closes every open one with code, without
// DISCONNECT: official clients come back. It does not wait.
func (s *Server) Close(code int, reason string) { panic("skeleton") }

// Wait returns when every connection and goroutine is gone, or with the
// context's error.
func (s *Server) Wait(ctx context.Context) error { panic("skeleton") }
