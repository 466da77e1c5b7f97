package server

import (
	"crypto/rand"
	"log/slog"
	"net/http"
	"net/netip"
	"runtime/debug"
	"strings"
	"sync/atomic"
)

// Middleware is what every request passes, whoever answers it. It changes no answer
// but for the header with the request's id: what applies only to our own pages is
// package webhttp's.
type Middleware struct {
	// TrustedProxies are the networks whose forwarding headers are believed [SEC-47].
	TrustedProxies  []netip.Prefix
	RequestIDHeader string
	// SocketPath, with or without the slash at its end, is logged with what only
	// sockets have.
	SocketPath string
	Panics     *atomic.Uint64 // counts panics in requests; may be nil
	// Panicked answers a request whose handler has panicked.
	Panicked func(http.ResponseWriter, *http.Request)
	Log      *slog.Logger
	Access   *slog.Logger // gets a line for each request; may be nil
	// ClientAddress returns the client's address for the access log.
	ClientAddress func(*http.Request) string
}

// Wrap returns next with the middleware around it. The steps run from the bottom
// line to the top one.
func (m Middleware) Wrap(next http.Handler) http.Handler {
	next = m.recoverPanic(next)
	next = m.logAccess(next)
	next = m.identify(next)
	return proxies(m.TrustedProxies).lookThrough(next)
}

// identify gives every answer the id that it shares with the log.
func (m Middleware) identify(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set(m.RequestIDHeader, rand.Text())
		next.ServeHTTP(w, r)
	})
}

// recoverPanic ends only the request that panicked [SEC-40].
func (m Middleware) recoverPanic(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			v := recover()
			if v == nil {
				return
			}
			if v == http.ErrAbortHandler {
				panic(v) // net/http's way to cut an answer short
			}
			if m.Panics != nil {
				m.Panics.Add(1)
			}
			m.Log.ErrorContext(r.Context(), "panic in a request", "panic", v, "path", r.URL.Path, "stack", string(debug.Stack()))
			m.Panicked(w, r)
		}()
		next.ServeHTTP(w, r)
	})
}

// socket reports whether the request is one of a socket.
func (m Middleware) socket(r *http.Request) bool {
	return m.SocketPath != "" && strings.TrimSuffix(r.URL.Path, "/") == strings.TrimSuffix(m.SocketPath, "/")
}
