package server

import (
	"bufio"
	"cmp"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/turnike/turnike/internal/logging"
)

// logAccess writes a line for each request once it is answered: with its route, never
// its query [SEC-18] [SEC-56]. The line of a websocket is written when it opens.
func (m Middleware) logAccess(next http.Handler) http.Handler {
	if m.Access == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		ctx, who := logging.Ask(r.Context())
		r = r.WithContext(ctx)
		seen := &recorder{ResponseWriter: w}
		defer func() { m.access(seen, r, *who, time.Since(start)) }() // also when a panic is not recovered
		next.ServeHTTP(seen, r)
	})
}

func (m Middleware) access(seen *recorder, r *http.Request, who logging.Who, took time.Duration) {
	attrs := []slog.Attr{
		slog.String("request", seen.Header().Get(m.RequestIDHeader)), slog.String("method", r.Method),
		slog.String("route", r.Pattern), slog.Int("status", seen.status()), slog.Int64("bytes", seen.bytes),
		slog.Float64("duration_ms", float64(took.Microseconds())/1000), slog.String("remote", m.ClientAddress(r)),
	}
	add := func(key, value string) {
		if value != "" {
			attrs = append(attrs, slog.String(key, value))
		}
	}
	add("user", who.User)
	add("session", who.Session)
	if m.socket(r) {
		if sid := r.URL.Query().Get("sid"); sid != "" {
			add("conn", logging.Short(sid)) // whoever knows the sid could use the connection
		}
		add("transport", r.URL.Query().Get("transport"))
	}
	m.Access.LogAttrs(r.Context(), slog.LevelInfo, "request", attrs...)
}

// recorder notes the status and the size of an answer.
type recorder struct {
	http.ResponseWriter
	code  int
	bytes int64
}

// WriteHeader implements http.ResponseWriter.
func (w *recorder) WriteHeader(code int) {
	if w.code == 0 && (code >= 200 || code == http.StatusSwitchingProtocols) {
		w.code = code
	}
	w.ResponseWriter.WriteHeader(code)
}

// Write implements http.ResponseWriter.
func (w *recorder) Write(p []byte) (int, error) {
	if w.code == 0 {
		w.code = http.StatusOK
	}
	n, err := w.ResponseWriter.Write(p)
	w.bytes += int64(n)
	return n, err
}

// Unwrap is for http.ResponseController.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Hijack implements http.Hijacker. Only websockets take a connection over, so the status
// becomes 101.
func (w *recorder) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if err == nil {
		w.code = http.StatusSwitchingProtocols
	}
	return conn, rw, err
}

// status returns the status of the answer. A handler that sets none has answered 200.
func (w *recorder) status() int { return cmp.Or(w.code, http.StatusOK) }
