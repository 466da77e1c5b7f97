package engineio

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Bounds of one answer.
const (
	// fewPackets is for clients that may be python-engineio: it drops the
	// connection when there are more.
	fewPackets = 16
	// maxAnswer bounds the bytes for all others; one packet may be larger.
	maxAnswer = 256 << 10
)

// takesMany reports whether the client of a poll is known to take any number of
// packets in an answer. The parameter t, against caches, tells: python-engineio
// sends the time in seconds as a decimal fraction, or no t where it is told so.
func takesMany(r *http.Request) bool {
	t := r.URL.Query().Get("t")
	whole, fraction, _ := strings.Cut(t, ".")
	return t != "" && !(digits(whole) && digits(fraction))
}

// digits reports whether s is a number without a sign.
func digits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// separator stands between the packets of a polling body. [eio4:payload]
const separator = 0x1e

// answer is the answer to one poll.
type answer struct {
	texts  [][]byte
	status int      // zero is 200
	last   *Payload // the connection's last words, to be kept if this fails
}

func textsNoop() [][]byte  { return [][]byte{{packetNoop}} }
func textsClose() [][]byte { return [][]byte{{packetClose}} }

// texts are the polling forms of the payload's packets.
func (p *Payload) texts() [][]byte {
	var texts [][]byte
	for _, k := range p.packets {
		texts = append(texts, k.text)
	}
	return texts
}

// reply answers the pending poll. The caller holds c.mu.
func (c *Conn) reply(fx *effects, a answer) {
	fx.poll, fx.answer = c.poll, a
	c.poll = nil
}

// takeAnswer takes of what is queued what an answer holds. The caller holds c.mu.
func (c *Conn) takeAnswer(many bool) answer {
	c.taken.Store(int64(c.server.now()))
	texts, cost := c.out.popPackets(many)
	c.server.queued.Add(-int64(cost))
	return answer{texts: texts}
}

// serveGet handles a poll, and waits while there is nothing to tell. [eio4:get]
func (c *Conn) serveGet(w http.ResponseWriter, r *http.Request) {
	var fx effects
	var now answer
	refuse := false
	wait, many := make(chan answer, 1), takesMany(r)

	c.mu.Lock()
	switch {
	case c.state == gone || c.transport == WebSocket:
		refuse = true
	case c.state == ended && c.last != nil:
		now = answer{texts: c.last.texts(), last: c.last}
		c.last = nil
	case c.state == ended:
		now = c.goodbye()
		c.forget(&fx)
	case c.poll != nil: // [SEC-41] [eio4:one-get]
		refuse = true
		c.shut(&fx, closing{how: aborted, why: ReasonTransportError, code: codeAbnormal, reason: "overlapping polls"})
	case !c.out.empty():
		now = c.takeAnswer(many)
	case c.probed:
		now = answer{texts: textsNoop()} // [eio4:pause]
	default:
		c.poll, c.many = wait, many
	}
	c.mu.Unlock()
	c.apply(fx)

	if refuse {
		writeError(w, errBadRequest)
		return
	}
	if now.texts == nil {
		select {
		case now = <-wait:
		case <-r.Context().Done():
			if c.pollAborted(wait) {
				return
			}
			now = <-wait // it was answered at the same moment
		}
	}
	if err := c.writeAnswer(w, now); err != nil {
		c.answerLost(now)
	}
}

// pollAborted ends the connection whose client gave up a poll. [eio4:cancelled]
// False when the poll was answered before.
func (c *Conn) pollAborted(wait chan answer) bool {
	var fx effects
	c.mu.Lock()
	if c.poll != wait {
		c.mu.Unlock()
		return false
	}
	c.poll = nil
	c.shut(&fx, closing{how: lost, code: codeAbnormal, reason: "poll aborted"})
	c.mu.Unlock()
	c.apply(fx)
	return true
}

// answerLost is called when an answer could not be written: last words are kept
// for the client's next try, anything else is a lost transport.
func (c *Conn) answerLost(a answer) {
	var fx effects
	c.mu.Lock()
	if a.last != nil && c.state == ended && c.transport == Polling {
		c.last = a.last
	}
	c.shut(&fx, closing{how: lost, code: codeAbnormal, reason: "answer not written"})
	c.mu.Unlock()
	c.apply(fx)
}

// writeAnswer writes the answer to a poll. [eio4:payload]
func (c *Conn) writeAnswer(w http.ResponseWriter, a answer) (err error) {
	defer c.server.caught(&err)
	body := bytes.Join(a.texts, []byte{separator})
	rc := http.NewResponseController(w)
	defer func() { _ = rc.SetWriteDeadline(time.Time{}) }()
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=UTF-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if a.status != 0 {
		w.WriteHeader(a.status)
	}
	for more := true; more; more = len(body) > 0 {
		now := time.Now()
		c.taken.Store(int64(now.Sub(c.server.start)))
		_ = rc.SetWriteDeadline(now.Add(c.server.cfg.WriteTimeout)) // best effort: not every writer can
		n := min(len(body), maxWrite)
		if _, err := w.Write(body[:n]); err != nil {
			return err
		}
		body = body[n:]
	}
	if err := rc.Flush(); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	return nil
}

// servePost handles the packets a client sends.
func (c *Conn) servePost(w http.ResponseWriter, r *http.Request) {
	var fx effects
	refuse, discard := false, false
	c.mu.Lock()
	switch {
	case c.state == ended && c.transport == Polling:
		discard = true
	case c.state == gone || c.transport == WebSocket:
		refuse = true
	case c.posting: // [SEC-41] [eio4:one-post]
		refuse = true
		c.shut(&fx, closing{how: aborted, why: ReasonTransportError, code: codeAbnormal, reason: "overlapping POSTs"})
	case !plainText(r.Header.Get("Content-Type")):
		refuse = true
		c.shut(&fx, closing{how: aborted, why: ReasonTransportError, code: codeAbnormal, reason: "invalid content type"})
	default:
		c.posting = true
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
		c.posting = false
		c.mu.Unlock()
	}()
	c.post(w, r)
}

// post reads and delivers the body of a POST.
func (c *Conn) post(w http.ResponseWriter, r *http.Request) {
	var scratch *[bufferSize]byte
	if r.ContentLength <= bufferSize {
		scratch = c.server.buffers.Get().(*[bufferSize]byte)
		defer c.server.buffers.Put(scratch)
	}
	body, err := c.readBody(w, r, scratch)
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
	err = c.deliver(body)
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

// What a POST may fail with, beside a protocolError.
var (
	errBodyTooBig = errors.New("engineio: body too big")
	errPanic      = errors.New("engineio: panic")
)

// readBody reads a body of at most MaxPayload bytes, never allocating much ahead
// of what was received. [SEC-38]
func (c *Conn) readBody(w http.ResponseWriter, r *http.Request, scratch *[bufferSize]byte) ([]byte, error) {
	limit := c.server.cfg.MaxPayload
	rc := http.NewResponseController(w)
	// Best effort: not every reader can. It stands until all was read: net/http
	// reads on where we do not.
	_ = rc.SetReadDeadline(time.Now().Add(c.server.cfg.MessageTimeout))
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

// deliver hands over the packets of a polling body. [eio4:payload]
func (c *Conn) deliver(body []byte) (err error) {
	err = errPanic
	defer c.server.guard(c) // the HTTP server must not see a panic of ours
	err = c.packets(body)
	return err
}

func (c *Conn) packets(body []byte) (err error) {
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

// plainText reports whether a POST's content type is one for text, which it is
// without one. [SEC-41] [eio4:content-type] In this revision of the protocol a body
// is never binary.
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
	_, _ = io.WriteString(w, "ok") // a client that is gone needs no answer
}
