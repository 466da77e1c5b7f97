package engineio

import "time"

// maxWrite is the largest single write, the size of a TLS record.
const maxWrite = 16 << 10

// Send writes a payload, or queues it when the peer is behind. It is dropped
// silently once the connection ended; the result says whether it was taken. When
// too much waits already the connection ends with [Config.OverflowCode], see
// [Config.MaxQueue]: the size of p itself does not matter.
func (c *Conn) Send(p *Payload) bool {
	if p.Len() == 0 {
		return !c.Ended()
	}
	return c.send(p, true)
}

// send is Send; a payload that is not capped never overflows the queue.
func (c *Conn) send(p *Payload, capped bool) bool {
	var fx effects
	c.mu.Lock()
	if c.state != open {
		c.mu.Unlock()
		return false
	}
	if capped && c.full() {
		c.overflow(&fx, "slow consumer")
		c.mu.Unlock()
		c.apply(fx)
		return false
	}
	if c.transport == WebSocket && !c.writing && c.out.empty() {
		return c.sendNow(p) // unlocks
	}
	c.enqueue(p)
	if c.transport == WebSocket {
		c.flushLater()
	} else if c.poll != nil {
		c.reply(&fx, c.takeAnswer(c.many))
	}
	c.mu.Unlock()
	c.apply(fx)
	c.server.evict()
	return true
}

// sendNow writes inline when the kernel is known to take the bytes without
// blocking, else leaves it to a flusher. The caller holds c.mu, which it
// releases; nobody else is writing.
func (c *Conn) sendNow(p *Payload) bool {
	w := c.ws
	c.writing = true
	c.mu.Unlock()

	frames := w.frames(p)
	if !w.takes(len(frames)) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.writing = false
		if c.state == gone {
			return false
		}
		c.server.queued.Add(int64(c.out.pushFront(p)))
		c.flushLater()
		return true
	}
	err := w.write(frames, c)

	var fx effects
	c.mu.Lock()
	c.writing = false
	switch {
	case c.state == gone:
	case err != nil:
		c.broken(&fx)
	case !c.out.empty():
		c.flushLater()
	}
	c.mu.Unlock()
	c.apply(fx)
	return err == nil
}

// full reports whether too much waits for the peer. [SEC-46] Only what it had time
// to read counts: more than MaxQueue is too much for a peer that has stopped
// reading, more than MaxBurst for any. The caller holds c.mu.
func (c *Conn) full() bool {
	cfg, behind := &c.server.cfg, c.out.behind()
	if behind <= cfg.MaxQueue {
		return false
	}
	return behind > cfg.MaxBurst || c.server.now()-time.Duration(c.taken.Load()) >= cfg.StallTimeout
}

// enqueue appends to the queue. The caller holds c.mu.
func (c *Conn) enqueue(p *Payload) {
	if !c.writing && c.out.empty() {
		c.taken.Store(int64(c.server.now()))
	}
	c.server.queued.Add(int64(c.out.push(p)))
}

// settle takes what was written off the books. The caller holds c.mu.
func (c *Conn) settle(batch []item) {
	c.server.queued.Add(-int64(c.out.settle(batch)))
}

// drop empties the queue. The caller holds c.mu.
func (c *Conn) drop() {
	c.server.queued.Add(-int64(c.out.drop()))
}

// flushLater starts a flusher unless somebody writes already, who will see to
// it. The caller holds c.mu.
func (c *Conn) flushLater() {
	if !c.writing {
		c.writing = true
		c.taken.Store(int64(c.server.now()))
		c.Go(c.flush)
	}
}

// flush writes the queue until it is empty. It owns c.writing.
func (c *Conn) flush() {
	var batch []item
	buf := make([]byte, 0, 512)
	for {
		var fx effects
		c.mu.Lock()
		c.settle(batch)
		w := c.ws
		clear(batch)
		batch = batch[:0]
		if c.state != gone {
			batch = c.out.pop(maxWrite, batch)
		}
		if len(batch) == 0 {
			c.flushed(&fx)
			c.mu.Unlock()
			c.apply(fx)
			return
		}
		c.mu.Unlock()

		if err := w.writeAll(batch, &buf, c); err != nil {
			c.mu.Lock()
			c.settle(batch)
			c.writing = false
			c.broken(&fx)
			c.mu.Unlock()
			c.apply(fx)
			return
		}
	}
}

// flushed ends a flusher: the queue is empty, or the connection is gone. The
// caller holds c.mu.
func (c *Conn) flushed(fx *effects) {
	c.writing = false
	if c.state != ended || c.ws == nil {
		return
	}
	// The close frame is out.
	switch {
	case c.ws.readOver:
		c.vanish(fx, true) // [RFC6455:7.1.1] both have closed
	case c.ws.garbled:
		fx.hang = c.ws // the peer's close frame cannot be found any more
	}
}

// broken ends a connection that cannot be written to. A timed-out write may have
// left half a frame, or half a TLS record, on the wire. The caller holds c.mu.
func (c *Conn) broken(fx *effects) {
	c.shut(fx, closing{how: lost, code: codeAbnormal, reason: "write failed"})
	c.vanish(fx, false)
}
