package webhttp

import (
	"io"
	"net/http"
	"time"
)

// Bounds on a request to our own routes, before its session is known [SEC-37].
const (
	maxHeaderBytes = 16 << 10
	maxHeaders     = 64
	bodyDeadline   = 10 * time.Second // for the whole body
	bodyGrace      = 3 * time.Second  // after this the body must have come at bodyRate
	bodyRate       = 1 << 10          // bytes a second
)

// answerDeadline is how long after its request a client must have read the answer.
// A login may wait 20 s for its password hash.
const answerDeadline = 60 * time.Second

// boundHeaders refuses requests with too many or too long headers [SEC-37].
func (p Protection) boundHeaders(next http.Handler) http.Handler {
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
			p.Responder.Refuse(w, r, ErrHeadersTooLarge)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// BoundBody sets a deadline for the body of a request [SEC-37]. It also holds when no
// handler reads the body, because net/http reads it before the answer goes out.
func BoundBody(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Body == nil || r.Body == http.NoBody {
			next.ServeHTTP(w, r)
			return
		}
		c := http.NewResponseController(w)
		body := &timedBody{ReadCloser: r.Body, begin: time.Now(), setDeadline: func(t time.Time) {
			_ = c.SetReadDeadline(t) // not every connection has one
		}}
		body.extend()
		r.Body = body
		next.ServeHTTP(w, r)
	})
}

// boundAnswer sets a deadline for the client to read the answer: otherwise a client
// that does not read would hold a goroutine for ever [SEC-37]. Sockets have deadlines
// of their own. The deadline stays on the connection after the answer, so whatever
// answers the next request has to set its own or clear it.
func (p Protection) boundAnswer(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var deadline time.Time
		if !p.Responder.isSocket(r) {
			deadline = time.Now().Add(answerDeadline)
		}
		_ = http.NewResponseController(w).SetWriteDeadline(deadline) // not every connection has one
		next.ServeHTTP(w, r)
	})
}

// timedBody extends its deadline as bytes arrive, and clears it at the end of the
// body.
type timedBody struct {
	io.ReadCloser
	begin       time.Time
	arrived     int
	setDeadline func(time.Time) // nil after the end of the body
}

// Read implements io.Reader.
func (b *timedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.arrived += n
	if n > 0 && b.setDeadline != nil {
		b.extend()
	}
	if err == io.EOF && b.setDeadline != nil {
		b.setDeadline(time.Time{})
		b.setDeadline = nil
	}
	return n, err
}

// extend sets the deadline by the number of bytes that have arrived.
func (b *timedBody) extend() {
	b.setDeadline(b.begin.Add(min(bodyDeadline, bodyGrace+time.Duration(b.arrived)*time.Second/bodyRate)))
}
