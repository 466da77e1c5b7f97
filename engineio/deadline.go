package engineio

import "time"

// schedule passes the connection's next deadline to the sweeper. Callers must hold c.mu.
func (c *Conn) schedule() {
	c.server.sweeper.set(c, c.next())
}

// next returns the earliest deadline, or zero. Callers must hold c.mu.
func (c *Conn) next() time.Duration {
	first := earlier(c.transport.deadline(), c.alarmAt)
	return earlier(first, earlier(c.pingAt, c.pongBy))
}

// tick handles the deadlines that have passed. It runs in the sweeper.
func (c *Conn) tick() {
	defer c.server.guard(c)
	now := c.server.now()
	var alarm func()
	var fx effects
	ping := false

	c.mu.Lock()
	if passed(&c.alarmAt, now) {
		alarm, c.alarm = c.alarm, nil
	}
	c.transport.tick(&fx, now)
	if passed(&c.pongBy, now) {
		// [S5] [eio4:ping-timeout] Only the answers to the server's pings keep a
		// connection alive.
		c.shut(&fx, closing{how: lost, why: ReasonPingTimeout, code: codeAbnormal})
	}
	if passed(&c.pingAt, now) && c.state == open {
		c.pongBy = now + c.server.cfg.PingTimeout // [eio4:heartbeat]
		ping = true
	}
	if c.state != gone {
		c.schedule()
	}
	c.mu.Unlock()

	c.apply(fx)
	if ping {
		c.send(c.server.ping, false)
	}
	if alarm != nil {
		alarm()
	}
}

// lapsed reports whether the connection is gone. It also ends a connection whose final
// deadline has passed but which the sweeper has not handled yet. Polling requests call
// it, so that a client never finds a connection alive after its deadline.
func (c *Conn) lapsed() bool {
	c.mu.Lock()
	now := c.server.now()
	late := c.state == gone || c.pongBy != 0 && c.pongBy <= now
	if p, polls := c.transport.(*polling); polls {
		late = late || p.lingerBy != 0 && p.lingerBy <= now
	}
	c.mu.Unlock()
	if late {
		c.tick()
	}
	return late
}

// pong handles the answer to a ping.
func (c *Conn) pong() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.pongBy == 0 {
		return c.countUnasked()
	}
	c.pongBy = 0
	if c.state == open {
		c.pingAt = c.server.now() + c.server.cfg.PingInterval
		c.schedule()
	}
	return nil
}
