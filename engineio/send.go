package engineio

import "time"

// Send writes a payload, or queues it if the peer is slow. It reports whether the
// payload was accepted; after the connection has ended, payloads are dropped. If too
// much is queued already, the connection ends with [Config.OverflowCode], see
// [Config.MaxQueue]; the size of p itself does not matter.
func (c *Conn) Send(p *Payload) bool {
	if p.Len() == 0 {
		return !c.Ended()
	}
	return c.send(p, true)
}

// send implements Send; without capped, a payload never overflows the queue.
func (c *Conn) send(p *Payload, capped bool) bool {
	c.mu.Lock()
	if c.state != open {
		c.mu.Unlock()
		return false
	}
	if capped && c.full() {
		c.overflow("slow consumer") // unlocks
		return false
	}
	switch t := c.transport.(type) {
	case *webSocket:
		if !t.writing && c.out.empty() {
			return t.sendNow(p) // unlocks
		}
		c.enqueue(p)
		t.flushLater()
		c.mu.Unlock()
	case *polling:
		c.enqueue(p)
		t.answerPoll() // unlocks
	}
	c.server.evict()
	return true
}

// full reports whether too much is queued for the peer. [SEC-46] The limit is MaxQueue
// for a peer that has stopped reading, and MaxBurst for any other. Callers must hold
// c.mu.
func (c *Conn) full() bool {
	cfg, behind := &c.server.cfg, c.out.behind()
	if behind <= cfg.MaxQueue {
		return false
	}
	return behind > cfg.MaxBurst || c.server.now()-time.Duration(c.taken.Load()) >= cfg.StallTimeout
}

// enqueue appends to the queue. Callers must hold c.mu.
func (c *Conn) enqueue(p *Payload) {
	if c.out.empty() && c.out.writing == 0 {
		c.taken.Store(int64(c.server.now()))
	}
	c.server.queued.Add(int64(c.out.push(p)))
}

// settle stops counting the items that were written. Callers must hold c.mu.
func (c *Conn) settle(batch []item) {
	c.server.queued.Add(-int64(c.out.settle(batch)))
}

// drop empties the queue. Callers must hold c.mu.
func (c *Conn) drop() {
	c.server.queued.Add(-int64(c.out.drop()))
}
