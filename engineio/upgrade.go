package engineio

import (
	"net/http"
	"time"

	"github.com/gobwas/ws"
)

// probe is a websocket that may take over a polling connection. [SEC-43] There is at
// most one at a time, and none once a websocket is in use.
type probe struct {
	polling *polling
	wire    *wire // only its reader writes until it takes over
	// The rest is guarded by Conn.mu.
	seen bool          // its probe has arrived: polls are answered at once
	code int           // close it with this code
	by   time.Duration // deadline of its "upgrade" packet
}

// serveUpgrade answers the handshake of a probe. [eio4:one-websocket] Like the reference
// server, it closes a probe that is not allowed after the handshake.
func (c *Conn) serveUpgrade(w http.ResponseWriter, r *http.Request) {
	head, ok := c.server.switching(w, r)
	if !ok {
		return
	}
	wire := c.server.hijack(w, r)
	if wire == nil {
		return
	}
	if c.answer(w, wire, head, nil) != nil {
		wire.close(false)
		return
	}
	if p := c.probeBy(wire); p != nil {
		c.Go(p.run)
	} else {
		c.Go(func() { wire.refuse(codePolicy, c.server.cfg.CloseTimeout) })
	}
}

// probeBy registers a websocket as the probe. It returns nil if no probe is allowed now.
func (c *Conn) probeBy(w *wire) *probe {
	c.mu.Lock()
	defer c.mu.Unlock()
	p, polls := c.transport.(*polling)
	if !polls || c.state != open || p.probe != nil {
		return nil
	}
	p.probe = &probe{polling: p, wire: w, by: c.server.now() + c.server.cfg.UpgradeTimeout}
	c.schedule()
	return p.probe
}

// run reads the probe until it takes over or fails; after taking over it reads as the
// connection's transport.
func (p *probe) run() {
	defer p.end()
	if p.read() {
		if w := p.takeOver(); w != nil {
			w.read()
		}
	}
}

// read reads the probe. It returns true when the probe asks to take over, false when it
// fails. [eio4:upgrade]
func (p *probe) read() (asked bool) {
	c := p.polling.conn
	for {
		op, data, err := p.wire.in.next()
		if code, kicked := p.kicked(); kicked {
			p.close(code)
			return false
		}
		code := 0 // no close frame
		switch {
		case err != nil:
			code = codeOf(err)
		case op == ws.OpText && string(data) == "5":
			return true
		case op == ws.OpText && string(data) == "2probe":
			err = p.wire.write(textPacket(packetPong, []byte("probe")).frames, c) // [eio4:probe]
			p.answerPolls()
		case op == ws.OpPing:
			p.wire.pace(c)
			err = p.wire.write(controlFrame(ws.OpPong, data).frames, c)
		case op == ws.OpPong:
			p.wire.pace(c)
		case op == ws.OpClose:
			if code, err = closeBody(data); err != nil {
				code = codeOf(err)
			}
			p.close(code)
			return false
		default:
			p.close(codeProtocol)
			return false
		}
		if err != nil {
			p.close(code)
			return false
		}
	}
}

// codeOf returns the close code of a protocol error, or zero.
func codeOf(err error) int {
	if fault, ok := err.(protocolError); ok {
		return fault.code
	}
	return 0
}

// answerPolls answers the pending poll and, from now on, every poll at once, so that the
// client can pause polling. [eio4:pause]
func (p *probe) answerPolls() {
	var fx effects
	c := p.polling.conn
	c.mu.Lock()
	p.seen = true
	if p.polling.poll != nil {
		p.polling.reply(&fx, answer{texts: textsNoop()})
	}
	c.mu.Unlock()
	c.apply(fx)
}

// kicked returns the close code for the probe and whether the probe must close.
func (p *probe) kicked() (code int, kicked bool) {
	c := p.polling.conn
	c.mu.Lock()
	defer c.mu.Unlock()
	return p.code, p.code != 0 || c.state == gone
}

// kick makes the probe's reader close it with a code. Callers must hold Conn.mu.
func (p *probe) kick(fx *effects, code int) {
	p.code = code
	fx.kick = p.wire
}

// takeOver makes the probe the connection's transport. It returns nil if that is not
// allowed.
func (p *probe) takeOver() *webSocket {
	var fx effects
	polls := p.polling
	c := polls.conn
	c.mu.Lock()
	polls.probe = nil
	switch {
	case c.state == gone:
		c.mu.Unlock()
		p.close(codeNormal)
		return nil
	case c.state == open && polls.posting:
		// Two goroutines would deliver messages; no known client causes this.
		c.shut(&fx, closing{how: aborted, code: codeProtocol, reason: "upgrade during a POST"})
		c.mu.Unlock()
		c.apply(fx)
		p.close(codeProtocol)
		return nil
	}
	w := &webSocket{conn: c, wire: p.wire}
	c.transport = w
	if polls.poll != nil {
		polls.reply(&fx, answer{texts: textsNoop()})
	}
	c.server.queued.Add(-int64(c.out.whole()))
	if c.state == ended {
		w.ended(&fx, closing{how: final, code: polls.end.code, reason: polls.end.reason, last: polls.last})
	} else if !c.out.empty() {
		w.flushLater()
	}
	c.schedule()
	c.mu.Unlock()
	c.apply(fx)
	return w
}

// end allows another probe if this one did not take over, and closes it if a panic left
// it open. [SEC-40]
func (p *probe) end() {
	c := p.polling.conn
	c.mu.Lock()
	if p.polling.probe == p {
		p.polling.probe = nil
	}
	w, _ := c.transport.(*webSocket)
	unused := w == nil || w.wire != p.wire
	c.mu.Unlock()
	if unused {
		p.wire.close(false)
	}
}

// close closes a probe that does not take over; zero sends no close frame.
func (p *probe) close(code int) {
	p.wire.refuse(code, p.polling.conn.server.cfg.CloseTimeout)
}
