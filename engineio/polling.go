package engineio

import (
	"bytes"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Bounds of one answer.
const (
	// fewPackets bounds the packets for clients that may be python-engineio, which drops
	// the connection if an answer has more.
	fewPackets = 16
	// maxAnswer bounds the bytes for all other clients; a single packet may be larger.
	maxAnswer = 256 << 10
)

// takesMany reports whether the client of a poll is known to accept any number of
// packets in an answer. The cache-busting parameter t shows it: python-engineio sends
// the time in seconds as a decimal fraction, or no t if so configured.
func takesMany(r *http.Request) bool {
	t := r.URL.Query().Get("t")
	whole, fraction, _ := strings.Cut(t, ".")
	return t != "" && !(digits(whole) && digits(fraction))
}

// digits reports whether s is a number without a sign.
func digits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// separator separates the packets of a polling body. [eio4:payload]
const separator = 0x1e

// answer is the answer to one poll.
type answer struct {
	texts  [][]byte
	status int      // zero is 200
	last   *Payload // the last payload, kept if writing the answer fails
}

func textsNoop() [][]byte  { return [][]byte{{packetNoop}} }
func textsClose() [][]byte { return [][]byte{{packetClose}} }

// texts returns the polling forms of the payload's packets.
func (p *Payload) texts() [][]byte {
	var texts [][]byte
	for _, k := range p.packets {
		texts = append(texts, k.text)
	}
	return texts
}

// polling is a connection on HTTP long-polling.
type polling struct {
	conn *Conn

	// The rest is guarded by Conn.mu.
	poll    chan answer // the pending GET, capacity 1; nil if there is none
	many    bool        // its client accepts any number of packets
	posting bool        // a POST is being handled; only it delivers messages
	probe   *probe      // a websocket that asks to take over

	end      closing       // of a connection that ended
	last     *Payload      // the last payload, not yet delivered
	lingerBy time.Duration // when the ended connection is forgotten
}

func (p *polling) name() string { return Polling }

// answerPoll answers the pending poll from the queue. Callers must hold Conn.mu;
// answerPoll releases it.
func (p *polling) answerPoll() {
	var fx effects
	if p.poll != nil {
		p.reply(&fx, p.takeAnswer(p.many))
	}
	p.conn.mu.Unlock()
	p.conn.apply(fx)
}

func (p *polling) deadline() time.Duration {
	if p.probe == nil {
		return p.lingerBy
	}
	return earlier(p.lingerBy, p.probe.by)
}

func (p *polling) tick(fx *effects, now time.Duration) {
	if p.probe != nil && passed(&p.probe.by, now) {
		p.probe.kick(fx, codePolicy) // [SEC-43]
	}
	if passed(&p.lingerBy, now) {
		p.forget(fx)
	}
}

// open answers the handshake with the open packet and the queue.
func (p *polling) open(w http.ResponseWriter, r *http.Request) {
	c := p.conn
	c.mu.Lock()
	first := p.takeAnswer(takesMany(r))
	c.mu.Unlock()
	if first.texts == nil { // ended by its owner before it was announced
		writeError(w, errForbidden)
		return
	}
	if err := p.writeAnswer(w, first); err != nil {
		p.answerLost(first)
	}
}

// reply answers the pending poll. Callers must hold Conn.mu.
func (p *polling) reply(fx *effects, a answer) {
	fx.poll, fx.answer = p.poll, a
	p.poll = nil
}

// takeAnswer removes as many packets from the queue as fit into one answer. Callers must
// hold Conn.mu.
func (p *polling) takeAnswer(many bool) answer {
	c := p.conn
	c.taken.Store(int64(c.server.now()))
	texts, cost := c.out.popPackets(many)
	c.server.queued.Add(-int64(cost))
	return answer{texts: texts}
}

// serveGet handles a poll. It waits while the queue is empty. [eio4:get]
func (p *polling) serveGet(w http.ResponseWriter, r *http.Request) {
	c := p.conn
	var fx effects
	var now answer
	refuse := false
	wait, many := make(chan answer, 1), takesMany(r)

	c.mu.Lock()
	switch {
	case c.state == gone || c.transport != transport(p):
		refuse = true
	case c.state == ended && p.last != nil:
		now = answer{texts: p.last.texts(), last: p.last}
		p.last = nil
	case c.state == ended:
		now = p.goodbye()
		p.forget(&fx)
	case p.poll != nil: // [SEC-41] [eio4:one-get]
		refuse = true
		c.shut(&fx, closing{how: aborted, why: ReasonTransportError, code: codeAbnormal, reason: "overlapping polls"})
	case !c.out.empty():
		now = p.takeAnswer(many)
	case p.probe != nil && p.probe.seen:
		now = answer{texts: textsNoop()} // [eio4:pause]
	default:
		p.poll, p.many = wait, many
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
			if p.pollAborted(wait) {
				return
			}
			now = <-wait // it was answered at the same moment
		}
	}
	if err := p.writeAnswer(w, now); err != nil {
		p.answerLost(now)
	}
}

// pollAborted ends a connection whose client cancelled a poll. [eio4:cancelled] It
// returns false if the poll was already answered.
func (p *polling) pollAborted(wait chan answer) bool {
	c := p.conn
	var fx effects
	c.mu.Lock()
	if p.poll != wait {
		c.mu.Unlock()
		return false
	}
	p.poll = nil
	c.shut(&fx, closing{how: lost, code: codeAbnormal, reason: "poll aborted"})
	c.mu.Unlock()
	c.apply(fx)
	return true
}

// answerLost is called when an answer could not be written. A last payload is kept for
// the client's next poll; otherwise the connection ends.
func (p *polling) answerLost(a answer) {
	c := p.conn
	var fx effects
	c.mu.Lock()
	if a.last != nil && c.state == ended && c.transport == transport(p) {
		p.last = a.last
	}
	c.shut(&fx, closing{how: lost, code: codeAbnormal, reason: "answer not written"})
	c.mu.Unlock()
	c.apply(fx)
}

// writeAnswer writes the answer to a poll. [eio4:payload]
func (p *polling) writeAnswer(w http.ResponseWriter, a answer) (err error) {
	c := p.conn
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

// ended answers a pending poll, or keeps the answer for the next one.
func (p *polling) ended(fx *effects, k closing) {
	c := p.conn
	if k.how == final {
		k.last = Concat(append(c.out.prefaces(), k.last)...)
	}
	c.drop()
	p.end = k
	p.end.last = nil // keep decides how much is kept
	now := c.server.now()
	switch {
	case k.how == final:
		p.last = keep(k.last)
		if p.poll != nil && k.last.Len() > 0 {
			p.last = nil
			p.reply(fx, answer{texts: k.last.texts(), last: keep(k.last)})
		}
		p.lingerBy = now + c.server.cfg.LingerTimeout
		return
	case p.poll != nil && k.how == left:
		p.reply(fx, answer{texts: textsNoop()}) // [eio4:close]
	case p.poll != nil:
		p.reply(fx, p.goodbye())
	case k.how == comeBack && p.probe != nil:
		// The client may already have paused polling. Official clients never resume it
		// if the probe is closed then, so the end is sent after the websocket has taken
		// over.
		p.probe.by = now + c.server.cfg.CloseTimeout
		p.lingerBy = p.probe.by
		if !k.forget {
			p.lingerBy = now + c.server.cfg.LingerTimeout
		}
		return
	case k.how == comeBack && !k.forget:
		p.lingerBy = now + c.server.cfg.LingerTimeout
		return
	}
	p.forget(fx)
}

// goodbye returns the close packet. If the client should reconnect, the status is 503:
// python-engineio treats a plain close packet as its own wish and would not reconnect.
// Callers must hold Conn.mu.
func (p *polling) goodbye() answer {
	a := answer{texts: textsClose()}
	if p.end.how == comeBack {
		a.status = http.StatusServiceUnavailable
	}
	return a
}

// maxLast bounds the bytes kept of a last payload.
const maxLast = 4096

// keep returns the part of a last payload that is kept for a client without a pending
// poll.
func keep(last *Payload) *Payload {
	if last.Len() <= maxLast {
		return last
	}
	k := last.packets[len(last.packets)-1]
	return &Payload{
		frames:  append([]byte(nil), last.frames[k.start:k.end]...),
		packets: []packet{{0, k.end - k.start, append([]byte(nil), k.text...)}},
	}
}

// forget releases everything that the connection holds. Callers must hold Conn.mu.
func (p *polling) forget(fx *effects) {
	if p.probe != nil {
		p.probe.kick(fx, p.end.code)
	}
	p.lingerBy, p.last = 0, nil
	p.conn.leave()
}
