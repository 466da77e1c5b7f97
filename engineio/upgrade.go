package engineio

import (
	"time"

	"github.com/gobwas/ws"
)

// startProbe lets a websocket ask to take a polling connection over. [SEC-43]
// One at a time, and never once a websocket is in use. [eio4:one-websocket] The
// websocket is closed when it is not welcome, like the reference server does.
func (c *Conn) startProbe(w *wire) {
	c.mu.Lock()
	welcome := c.state == open && c.transport == Polling && c.probe == nil
	if welcome {
		c.probe = w
		c.probeBy = c.server.now() + c.server.cfg.UpgradeTimeout
		c.schedule()
	}
	c.mu.Unlock()
	c.Go(func() {
		if !welcome {
			c.closeProbe(w, codePolicy)
			return
		}
		defer c.endProbe(w)
		if c.readProbe(w) {
			c.read(w)
		}
	})
}

// readProbe reads a probing websocket until it takes over (true) or gives up.
// Nobody else writes to it meanwhile. [eio4:upgrade]
func (c *Conn) readProbe(w *wire) (tookOver bool) {
	for {
		op, data, err := w.in.next()
		if code, kicked := c.probeKicked(w); kicked {
			c.closeProbe(w, code)
			return false
		}
		switch {
		case err != nil:
			code := 0
			if fault, ok := err.(protocolError); ok {
				code = fault.code
			}
			c.closeProbe(w, code)
			return false
		case op == ws.OpClose:
			code, err := closeBody(data)
			if fault, ok := err.(protocolError); ok {
				code = fault.code
			}
			c.closeProbe(w, code)
			return false
		case op == ws.OpPing:
			w.pace(c)
			err = w.write(controlFrame(ws.OpPong, data).frames, c)
		case op == ws.OpPong:
			w.pace(c)
		case op == ws.OpText && string(data) == "2probe":
			err = w.write(textPacket(packetPong, []byte("probe")).frames, c) // [eio4:probe]
			c.probeSeen()
		case op == ws.OpText && string(data) == "5":
			return c.takeOver(w)
		default:
			c.closeProbe(w, codeProtocol)
			return false
		}
		if err != nil {
			c.closeProbe(w, codePolicy)
			return false
		}
	}
}

// probeSeen answers the pending poll, and from now on each at once, so that the
// client can pause polling. [eio4:pause]
func (c *Conn) probeSeen() {
	var fx effects
	c.mu.Lock()
	c.probed = true
	if c.poll != nil {
		c.reply(&fx, answer{texts: textsNoop()})
	}
	c.mu.Unlock()
	c.apply(fx)
}

// probeKicked reports whether the connection wants the probe gone, and the close
// code.
func (c *Conn) probeKicked(w *wire) (code int, kicked bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return w.closeCode, w.closeCode != 0 || c.state == gone
}

// takeOver makes the probe the connection's transport.
func (c *Conn) takeOver(w *wire) bool {
	var fx effects
	c.mu.Lock()
	c.probe, c.probed, c.probeBy = nil, false, 0
	switch {
	case c.state == gone:
		c.mu.Unlock()
		c.closeProbe(w, codeNormal)
		return false
	case c.state == open && c.posting:
		// Two goroutines would deliver messages; no client does that.
		c.shut(&fx, closing{how: aborted, code: codeProtocol, reason: "upgrade during a POST"})
		c.mu.Unlock()
		c.apply(fx)
		c.closeProbe(w, codeProtocol)
		return false
	}
	c.ws, c.transport, c.lingerBy = w, WebSocket, 0
	if c.poll != nil {
		c.reply(&fx, answer{texts: textsNoop()})
	}
	c.server.queued.Add(-int64(c.out.whole()))
	if c.state == ended {
		if c.last != nil {
			c.enqueue(c.last)
			c.last = nil
		}
		c.enqueue(closeFrame(c.endCode, c.endReason))
		c.cutBy = c.server.now() + c.server.cfg.CloseTimeout
	}
	if !c.out.empty() {
		c.flushLater()
	}
	c.schedule()
	c.mu.Unlock()
	c.apply(fx)
	return true
}

// endProbe makes room for another probe when this one did not take over, and
// closes it should a panic have left it open. [SEC-40]
func (c *Conn) endProbe(w *wire) {
	c.mu.Lock()
	if c.probe == w {
		c.probe, c.probed, c.probeBy = nil, false, 0
	}
	unused := c.ws != w
	c.mu.Unlock()
	if unused {
		w.close(false)
	}
}

// closeProbe closes a probing websocket, with a code unless it is zero.
func (c *Conn) closeProbe(w *wire, code int) {
	if code != 0 {
		w.conn.SetWriteDeadline(time.Now().Add(c.server.cfg.CloseTimeout))
		if _, err := w.conn.Write(closeFrame(code, "").frames); err == nil {
			w.hang()
			w.conn.SetReadDeadline(time.Now().Add(c.server.cfg.CloseTimeout))
			for err == nil {
				_, err = w.conn.Read(w.in.buf[:])
			}
		}
	}
	w.close(false)
}
