package engineio

import (
	"time"

	"github.com/gobwas/ws"
)

// Control frames ask for nothing more than a PONG, so they are read at a pace
// rather than refused: a stalled link delivers at once what a peer sent in a
// while, and that looks like a flood. [SEC-44]
const (
	controlRate  = 1000 // PINGs and PONGs a second
	controlBurst = 4096 // as many at once
	controlEach  = time.Second / controlRate
)

// pace holds the reader up while its peer sends control frames faster than
// controlRate. It returns at once when the connection ended.
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

// sendPong answers a PING: before what is queued, and in place of an answer that
// still waits. [RFC6455:5.5.2] [RFC6455:5.5.3]
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
