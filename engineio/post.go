package engineio

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"
)

// servePost handles a POST with packets of the client.
func (p *polling) servePost(w http.ResponseWriter, r *http.Request) {
	c := p.conn
	var fx effects
	refuse, discard := false, false
	c.mu.Lock()
	switch {
	case c.state == ended && c.transport == transport(p):
		discard = true
	case c.state == gone || c.transport != transport(p):
		refuse = true
	case p.posting: // [SEC-41] [eio4:one-post]
		refuse = true
		c.shut(&fx, closing{how: aborted, why: ReasonTransportError, code: codeAbnormal, reason: "overlapping POSTs"})
	case !plainText(r.Header.Get("Content-Type")):
		refuse = true
		c.shut(&fx, closing{how: aborted, why: ReasonTransportError, code: codeAbnormal, reason: "invalid content type"})
	default:
		p.posting = true
	}
	c.mu.Unlock()
	c.apply(fx)
	switch {
	case refuse:
		writeError(w, errBadRequest)
		return
	case discard:
		_, _ = io.CopyN(io.Discard, r.Body, int64(c.server.cfg.MaxPayload))
		writeOK(w)
		return
	}
	defer func() {
		c.mu.Lock()
		p.posting = false
		c.mu.Unlock()
	}()
	p.post(w, r)
}

// post reads and delivers the body of a POST.
func (p *polling) post(w http.ResponseWriter, r *http.Request) {
	c := p.conn
	var scratch *[bufferSize]byte
	if r.ContentLength <= bufferSize {
		scratch = c.server.buffers.Get().(*[bufferSize]byte)
		defer c.server.buffers.Put(scratch)
	}
	body, err := p.readBody(w, r, scratch)
	switch {
	case err == errBodyTooBig:
		w.Header().Set("Cache-Control", "no-store")
		w.WriteHeader(http.StatusRequestEntityTooLarge) // [SEC-41] [eio4:max-payload]
		return
	case err != nil:
		c.finish(closing{how: lost, code: codeAbnormal, reason: "POST aborted"})
		writeError(w, errBadRequest)
		return
	}
	err = p.deliver(body)
	if err == errPanic {
		writeError(w, httpError{http.StatusInternalServerError, errBadRequest.Code, "Internal error"})
		return
	}
	if err != nil {
		fault, _ := errors.AsType[protocolError](err)
		c.finish(fault.closing())
		writeError(w, errBadRequest)
		return
	}
	writeOK(w)
}

// The errors of a POST, besides a protocolError.
var (
	errBodyTooBig = errors.New("engineio: body too big")
	errPanic      = errors.New("engineio: panic")
)

// readBody reads a body of at most MaxPayload bytes and allocates little more than it
// has received. [SEC-38]
func (p *polling) readBody(w http.ResponseWriter, r *http.Request, scratch *[bufferSize]byte) ([]byte, error) {
	limit := p.conn.server.cfg.MaxPayload
	rc := http.NewResponseController(w)
	// Best effort: not every reader supports it. The deadline stays until the end of the
	// body, because net/http reads the rest if we do not.
	_ = rc.SetReadDeadline(time.Now().Add(p.conn.server.cfg.MessageTimeout))
	if r.ContentLength > int64(limit) {
		return nil, errBodyTooBig
	}
	var body []byte
	if scratch != nil {
		body = scratch[:0]
	}
	for {
		if len(body) == cap(body) {
			body = append(body, 0)[:len(body)]
		}
		n, err := r.Body.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		if len(body) > limit {
			return nil, errBodyTooBig
		}
		if err == io.EOF {
			_ = rc.SetReadDeadline(time.Time{})
			return body, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// deliver delivers the packets of a polling body. [eio4:payload]
func (p *polling) deliver(body []byte) (err error) {
	c := p.conn
	err = errPanic
	defer c.server.guard(c) // our panics must not reach the HTTP server
	err = p.packets(body)
	return err
}

func (p *polling) packets(body []byte) (err error) {
	c := p.conn
	if !utf8.Valid(body) {
		return protocolError{codeEncoding, "body is not UTF-8", ReasonParseError} // [eio4:utf8]
	}
	for more := true; more && !c.Ended(); {
		var text []byte
		text, body, more = bytes.Cut(body, []byte{separator})
		if err = c.packet(text); err != nil {
			return err
		}
	}
	return nil
}

// plainText reports whether a POST's content type is text, or missing. [SEC-41]
// [eio4:content-type] In this revision of the protocol a body is never binary.
func plainText(contentType string) bool {
	media, _, _ := strings.Cut(contentType, ";")
	media = strings.TrimSpace(media)
	return media == "" || strings.EqualFold(media, "text/plain")
}

// writeOK answers a POST. [eio4:post]
func writeOK(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Content-Type", "text/html")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Length", "2")
	_, _ = io.WriteString(w, "ok") // an error means that the client is gone
}
