package engineio

import (
	"time"

	"github.com/gobwas/ws"
)

// Control frames are read at a limited rate rather than refused: a stalled link delivers
// many frames at once, which looks like a flood. [SEC-44]
const (
	controlRate  = 1000 // PINGs and PONGs a second
	controlBurst = 4096 // allowed at once
	controlEach  = time.Second / controlRate
)

// pace delays the reader while its peer sends control frames faster than controlRate. It
// returns at once when the connection ends.
func (w *wire) pace(c *Conn) {
	now := c.server.now()
	w.paced = max(w.paced, now-controlBurst*controlEach) + controlEach
	if w.paced <= now {
		return
	}
	timer := time.NewTimer(w.paced - now)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-c.ctx.Done():
	}
}

// sendPong answers a PING. The PONG goes before the queue and replaces a PONG that is
// still queued. [RFC6455:5.5.2] [RFC6455:5.5.3]
func (w *webSocket) sendPong(body []byte) {
	c := w.conn
	c.mu.Lock()
	if c.state != open {
		c.mu.Unlock()
		return
	}
	pong := controlFrame(ws.OpPong, body)
	if w.writing || !c.out.empty() {
		c.out.pong = pong
		w.flushLater()
		c.mu.Unlock()
		return
	}
	w.sendNow(pong) // unlocks
}
