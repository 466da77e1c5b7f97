package engineio

import (
	"context"
	"net/http"
)

// Server is an http.Handler that serves Engine.IO.
type Server struct{}

// NewServer returns a server whose connections are received by what open
// returns.
func NewServer(cfg Config, open Opener) *Server { panic("skeleton") }

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { panic("skeleton") }

// Len is the number of open connections.
func (s *Server) Len() int { panic("skeleton") }

// Close refuses new connections with 503 and closes all open ones with code;
// official clients come back. It does not wait.
func (s *Server) Close(code int, reason string) { panic("skeleton") }

// Wait returns when every connection and every goroutine of the server is gone,
// or with the context's error.
func (s *Server) Wait(ctx context.Context) error { panic("skeleton") }
