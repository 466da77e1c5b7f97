package server

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// Server is the listener with its HTTP server.
type Server struct {
	http     *http.Server
	listener net.Listener
	tls      bool
}

// Listen opens the address. With a nil config the server speaks plain HTTP.
func Listen(ctx context.Context, addr string, tlsConfig *tls.Config, handler http.Handler, log *slog.Logger) (*Server, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	if tlsConfig != nil {
		tlsConfig = inTurn(tlsConfig)
	}
	s := &Server{listener: l, tls: tlsConfig != nil, http: &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second, // [SEC-37]; it bounds the TLS handshake as well
		IdleTimeout:       60 * time.Second,
		MaxHeaderBytes:    maxHeaderBytes,
		HTTP2:             &http.HTTP2Config{WriteByteTimeout: answerDeadline},
		TLSConfig:         tlsConfig,
		ErrorLog:          slog.NewLogLogger(quiet{log.Handler()}, slog.LevelDebug),
	}}
	return s, nil
}

// Addr is the address it listens on, with the real port.
func (s *Server) Addr() net.Addr { return s.listener.Addr() }

// Serve answers until Shutdown.
func (s *Server) Serve() error {
	var err error
	if s.tls {
		err = s.http.ServeTLS(tlsOnly{s.listener}, "", "")
	} else {
		err = s.http.Serve(s.listener)
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// Shutdown takes no more requests, waits for those under way until ctx is done,
// then cuts them.
func (s *Server) Shutdown(ctx context.Context) error {
	err := s.http.Shutdown(ctx)
	if err != nil {
		_ = s.http.Close() // what is left is cut
	}
	return err
}

// quiet logs what the HTTP server says of broken clients at debug level only: it
// is their noise, not ours.
type quiet struct{ slog.Handler }

// Handle implements slog.Handler.
func (q quiet) Handle(ctx context.Context, r slog.Record) error {
	r.Level = slog.LevelDebug
	return q.Handler.Handle(ctx, r)
}
