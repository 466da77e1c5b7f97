package server

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"time"
)

// Bounds on every connection [SEC-37]. Package webhttp has its own for our pages.
const (
	maxHeaderBytes   = 16 << 10
	writeByteTimeout = 60 * time.Second // for HTTP/2: an answer of which no byte can be written
)

// Server is the listener with its HTTP server.
type Server struct {
	http     *http.Server
	listener net.Listener
	tls      bool
	log      *slog.Logger
}

// Options are how a server listens.
type Options struct {
	Addr string
	// Listener, if not nil, is used instead of opening Addr.
	Listener net.Listener
	TLS      *tls.Config // nil for plain HTTP
	// ProxyFrom turns the PROXY protocol on: every connection must begin with its header,
	// and only these networks may name a client in it. Empty turns it off [SEC-47].
	ProxyFrom []netip.Prefix
	// IdleTimeout closes a kept connection without a request. It must be longer than that
	// of the proxies in front: otherwise a proxy may send a request on a connection that
	// we are closing (RFC 9112, section 9.5).
	IdleTimeout time.Duration
	Handler     http.Handler
	Log         *slog.Logger
}

// Listen opens the address, or uses the listener.
func Listen(ctx context.Context, o Options) (*Server, error) {
	l := o.Listener
	if l == nil {
		var lc net.ListenConfig
		var err error
		if l, err = lc.Listen(ctx, "tcp", o.Addr); err != nil {
			return nil, err
		}
	}
	if len(o.ProxyFrom) > 0 {
		l = proxyListener{l, o.ProxyFrom}
	}
	return &Server{listener: l, tls: o.TLS != nil, log: o.Log, http: &http.Server{
		Handler:           o.Handler,
		ReadHeaderTimeout: 5 * time.Second, // [SEC-37]; it also bounds the TLS handshake after the ClientHello
		IdleTimeout:       o.IdleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		HTTP2:             &http.HTTP2Config{WriteByteTimeout: writeByteTimeout},
		TLSConfig:         o.TLS,
		ErrorLog:          slog.NewLogLogger(quiet{o.Log.Handler()}, slog.LevelDebug),
	}}, nil
}

// Addr returns the address it listens on, with the actual port.
func (s *Server) Addr() net.Addr { return s.listener.Addr() }

// Serve answers requests until Shutdown.
func (s *Server) Serve() error {
	var err error
	if s.tls {
		err = s.http.ServeTLS(tlsOnly{newHelloListener(s.listener)}, "", "")
	} else {
		err = s.http.Serve(&hostlessListener{Listener: s.listener, log: s.log})
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// Shutdown accepts no more requests and waits for running ones until ctx is done. Then it
// cuts their connections.
func (s *Server) Shutdown(ctx context.Context) error {
	err := s.http.Shutdown(ctx)
	if err != nil {
		_ = s.http.Close() // cuts the remaining connections
	}
	return err
}

// quiet logs everything at debug level: net/http logs the errors of broken clients, which
// an operator cannot fix.
type quiet struct{ slog.Handler }

// Handle implements slog.Handler.
func (q quiet) Handle(ctx context.Context, r slog.Record) error {
	r.Level = slog.LevelDebug
	return q.Handler.Handle(ctx, r)
}
