package server

import (
	"crypto/rand"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"time"

	"github.com/turnike/turnike/internal/origin"
)

// Bounds on what is read of a request before anyone is known [SEC-37].
const (
	maxHeaderBytes = 16 << 10
	maxHeaders     = 64
	bodyDeadline   = 10 * time.Second // for the whole body
	bodyGrace      = 3 * time.Second  // from then on it has to have come at bodyRate
	bodyRate       = 1 << 10          // bytes a second
)

// answerDeadline is when an answer must have been taken, from the request on. A
// login may wait 20 s for its turn.
const answerDeadline = 60 * time.Second

// contentSecurityPolicy is the same on every answer [SEC-33].
const contentSecurityPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; " +
	"img-src 'self' data:; base-uri 'none'; object-src 'none'; frame-ancestors 'none'; form-action 'self'; " +
	"require-trusted-types-for 'script'; trusted-types svelte-trusted-html"

// Refusals are how the middleware answers: by the API's own problem documents.
type Refusals struct {
	Write           func(w http.ResponseWriter, r *http.Request, err error)
	RequestIDHeader string
	HeadersTooLarge error
	BadRequest      error
	CrossOrigin     error
	Internal        error
}

// Middleware wraps the routes.
type Middleware struct {
	Refusals Refusals
	// TrustedProxies are whose forwarding headers are believed [SEC-47].
	TrustedProxies []netip.Prefix
	Origins        origin.Policy
	// Foreign hears of each request that is refused as another site's; may be nil.
	Foreign func(*http.Request)
	// PublicTLS says that browsers reach this server under a name of its own by
	// TLS, so that they may be told to insist on it (RFC 6797).
	PublicTLS bool
	// SocketPath is exempt from the check for other sites: sockets have a
	// stricter one of their own [SEC-32].
	SocketPath string
	Panics     *atomic.Uint64 // counts those of requests; nil: nobody does
	Log        *slog.Logger
	// Access gets a line for each request; nil: nobody does. ClientAddress tells
	// it where from.
	Access        *slog.Logger
	ClientAddress func(*http.Request) string
}

// Wrap puts the middleware around the routes.
func (m Middleware) Wrap(next http.Handler) http.Handler {
	next = m.sameSite(next)
	next = m.noTokenInURL(next)
	next = m.boundHeaders(next)
	next = BoundBody(m.boundAnswer(next))
	next = m.recoverPanic(next)
	next = m.secure(m.logAccess(next))
	return proxies(m.TrustedProxies).lookThrough(next)
}

// secure gives every answer an id and the security headers [SEC-34].
func (m Middleware) secure(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set(m.Refusals.RequestIDHeader, rand.Text())
		h.Set("Content-Security-Policy", contentSecurityPolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
		if m.PublicTLS {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
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
				panic(v) // the server's own way to cut an answer short
			}
			if m.Panics != nil {
				m.Panics.Add(1)
			}
			m.Log.ErrorContext(r.Context(), "panic in a request", "panic", v, "path", r.URL.Path, "stack", string(debug.Stack()))
			m.Refusals.Write(w, r, m.Refusals.Internal)
		}()
		next.ServeHTTP(w, r)
	})
}

// boundHeaders refuses requests with more headers than anyone needs [SEC-37].
func (m Middleware) boundHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		count, size := 0, len(r.RequestURI)
		for name, values := range r.Header {
			count += len(values)
			for _, v := range values {
				size += len(name) + len(v) + len(": \r\n")
			}
		}
		if count > maxHeaders || size > maxHeaderBytes {
			w.Header().Set("Connection", "close")
			m.Refusals.Write(w, r, m.Refusals.HeadersTooLarge)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// noTokenInURL refuses tokens where logs and histories would keep them [SEC-18].
func (m Middleware) noTokenInURL(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		if q.Has("token") || q.Has("access_token") {
			m.Refusals.Write(w, r, m.Refusals.BadRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// BoundBody gives a body a time within which it must have arrived [SEC-37], also
// where no handler reads it: net/http does then, before the answer goes out.
func BoundBody(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Body == nil || r.Body == http.NoBody {
			next.ServeHTTP(w, r)
			return
		}
		c := http.NewResponseController(w)
		body := &timedBody{ReadCloser: r.Body, begin: time.Now(), by: func(t time.Time) {
			_ = c.SetReadDeadline(t) // not every connection has one
		}}
		body.due()
		r.Body = body
		next.ServeHTTP(w, r)
	})
}

// boundAnswer gives a client a time within which it must have taken its answer: one
// that does not read would hold its goroutine for ever [SEC-37]. Sockets have
// deadlines of their own.
func (m Middleware) boundAnswer(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var deadline time.Time // a connection keeps that of its last request
		if !m.socket(r) {
			deadline = time.Now().Add(answerDeadline)
		}
		_ = http.NewResponseController(w).SetWriteDeadline(deadline) // not every connection has one
		next.ServeHTTP(w, r)
	})
}

// socket tells the requests of sockets.
func (m Middleware) socket(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, m.SocketPath) }

// timedBody moves the deadline on as the body comes, and takes it back once all of
// it has been read.
type timedBody struct {
	io.ReadCloser
	begin time.Time
	came  int
	by    func(time.Time) // sets the deadline; nil when all has been read
}

// Read implements io.Reader.
func (b *timedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.came += n
	if n > 0 && b.by != nil {
		b.due()
	}
	if err == io.EOF && b.by != nil {
		b.by(time.Time{})
		b.by = nil
	}
	return n, err
}

// due sets the deadline by what has come.
func (b *timedBody) due() {
	b.by(b.begin.Add(min(bodyDeadline, bodyGrace+time.Duration(b.came)*time.Second/bodyRate)))
}

// sameSite refuses unsafe requests that another site made a browser send
// [SEC-31]: by Sec-Fetch-Site or Origin, and by an Origin that is not this
// server's whatever the Host header says.
func (m Middleware) sameSite(next http.Handler) http.Handler {
	var protection http.CrossOriginProtection
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if m.socket(r) {
			next.ServeHTTP(w, r)
			return
		}
		safe := r.Method == http.MethodGet || r.Method == http.MethodHead || r.Method == http.MethodOptions
		o := r.Header.Get("Origin")
		if protection.Check(r) != nil || (!safe && o != "" && !m.Origins.IsOwn(r, o)) {
			if m.Foreign != nil {
				m.Foreign(r)
			}
			m.Refusals.Write(w, r, m.Refusals.CrossOrigin)
			return
		}
		next.ServeHTTP(w, r)
	})
}
