package engineio

import (
	"net/http"
	"time"
)

// webSocket is a connection on a websocket.
type webSocket struct {
	conn *Conn

	// The rest is guarded by Conn.mu.
	wire     *wire         // nil until the handshake is answered
	writing  bool          // a goroutine owns the writes to wire
	readOver bool          // the peer has closed, or the reader has stopped
	garbled  bool          // frame boundaries are lost
	cutBy    time.Duration // the deadline of an end
}

func (w *webSocket) name() string { return WebSocket }

func (w *webSocket) deadline() time.Duration { return w.cutBy }

func (w *webSocket) tick(fx *effects, now time.Duration) {
	if passed(&w.cutBy, now) {
		w.vanish(fx, false)
	}
}

// open answers the handshake together with the queue and starts the reader.
func (w *webSocket) open(rw http.ResponseWriter, r *http.Request, head string) {
	c := w.conn
	wire := c.server.hijack(rw, r)
	c.mu.Lock()
	if wire == nil || c.state == gone {
		w.broken() // unlocks
		if wire != nil {
			wire.close(false)
		}
		return
	}
	w.wire = wire
	batch := c.out.pop(maxWrite, nil)
	c.mu.Unlock()

	err := c.answer(rw, wire, head, batch)

	c.mu.Lock()
	w.writing = false
	c.settle(batch)
	switch {
	case err != nil:
		w.broken() // unlocks
		return
	case c.out.empty():
		w.flushed() // unlocks
	default:
		w.flushLater()
		c.mu.Unlock()
	}
	c.Go(w.read)
}

// sendNow writes inline if the kernel is known to take the bytes without blocking;
// otherwise a flusher writes. Callers must hold Conn.mu, and no other goroutine may be
// writing; sendNow releases Conn.mu.
func (w *webSocket) sendNow(p *Payload) bool {
	c := w.conn
	w.writing = true
	c.mu.Unlock()

	frames := w.wire.frames(p)
	if !w.wire.takes(len(frames)) {
		c.mu.Lock()
		defer c.mu.Unlock()
		w.writing = false
		if c.state == gone {
			return false
		}
		c.server.queued.Add(int64(c.out.pushFront(p)))
		w.flushLater()
		return true
	}
	err := w.wire.write(frames, c)

	c.mu.Lock()
	w.writing = false
	if err != nil {
		w.broken() // unlocks
		return false
	}
	if c.state != gone && !c.out.empty() {
		w.flushLater()
	}
	c.mu.Unlock()
	return true
}

// flushLater starts a flusher, unless a goroutine is already writing and will flush the
// queue. Callers must hold Conn.mu.
func (w *webSocket) flushLater() {
	if !w.writing {
		w.writing = true
		w.conn.taken.Store(int64(w.conn.server.now()))
		w.conn.Go(w.flush)
	}
}

// flush writes the queue until it is empty. It owns w.writing.
func (w *webSocket) flush() {
	c := w.conn
	var batch []item
	buf := make([]byte, 0, 512)
	for {
		c.mu.Lock()
		c.settle(batch)
		clear(batch)
		batch = batch[:0]
		if c.state != gone {
			batch = c.out.pop(maxWrite, batch)
		}
		if len(batch) == 0 {
			w.flushed() // unlocks
			return
		}
		c.mu.Unlock()

		if err := w.wire.writeAll(batch, &buf, c); err != nil {
			c.mu.Lock()
			c.settle(batch)
			w.broken() // unlocks
			return
		}
	}
}

// flushed ends a flusher: the queue is empty, or the connection is gone. Callers must
// hold Conn.mu; flushed releases it.
func (w *webSocket) flushed() {
	var fx effects
	w.writing = false
	if w.conn.state == ended { // the close frame was written
		switch {
		case w.readOver:
			w.vanish(&fx, true) // [RFC6455:7.1.1] both have closed
		case w.garbled:
			fx.hang = w.wire // the peer's close frame can no longer be found
		}
	}
	w.conn.mu.Unlock()
	w.conn.apply(fx)
}

// broken ends a connection that cannot be written to. A write that timed out may have
// sent half a frame or half a TLS record. Callers must hold Conn.mu; broken releases it.
func (w *webSocket) broken() {
	var fx effects
	w.writing = false
	w.conn.shut(&fx, closing{how: lost, code: codeAbnormal, reason: "write failed"})
	w.vanish(&fx, false)
	w.conn.mu.Unlock()
	w.conn.apply(fx)
}

// ended queues the last payload and the close frame.
func (w *webSocket) ended(fx *effects, k closing) {
	c := w.conn
	if k.how == lost {
		w.vanish(fx, false)
		return
	}
	if k.how == aborted {
		c.drop()
	}
	if k.last.Len() > 0 {
		c.enqueue(k.last)
	}
	c.enqueue(closeFrame(k.code, k.reason))
	w.cutBy = c.server.now() + c.server.cfg.CloseTimeout
	w.flushLater()
}

// vanish releases everything that the connection holds. Callers must hold Conn.mu.
func (w *webSocket) vanish(fx *effects, gently bool) {
	c := w.conn
	if c.state == gone {
		return
	}
	fx.cut, fx.gently = w.wire, gently
	w.cutBy = 0
	c.leave()
}
