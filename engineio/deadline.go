package engineio

import "time"

// schedule tells the sweeper the connection's next deadline. The caller holds
// c.mu.
func (c *Conn) schedule() {
	c.server.sweeper.set(c, c.next())
}

// next is the earliest deadline, or zero. The caller holds c.mu.
func (c *Conn) next() time.Duration {
	var first time.Duration
	for _, d := range [...]time.Duration{c.pingAt, c.pongBy, c.probeBy, c.cutBy, c.lingerBy, c.alarmAt} {
		if d != 0 && (first == 0 || d < first) {
			first = d
		}
	}
	return first
}

// tick does what is due. It runs in the sweeper.
func (c *Conn) tick() {
	defer c.server.guard(c)
	now := c.server.now()
	due := func(d *time.Duration) bool {
		if *d == 0 || *d > now {
			return false
		}
		*d = 0
		return true
	}
	var alarm func()
	var fx effects
	ping := false

	c.mu.Lock()
	if due(&c.alarmAt) {
		alarm, c.alarm = c.alarm, nil
	}
	if due(&c.probeBy) && c.probe != nil {
		fx.kick = c.probe // [SEC-43] the probe's reader closes it
		c.probe.closeCode = codePolicy
	}
	if due(&c.lingerBy) {
		c.forget(&fx)
	}
	if due(&c.cutBy) {
		c.vanish(&fx, false)
	}
	if due(&c.pongBy) {
		// [S5] [eio4:ping-timeout] Only the answers to the server's pings keep a
		// connection alive.
		c.shut(&fx, closing{how: lost, why: ReasonPingTimeout, code: codeAbnormal})
	}
	if due(&c.pingAt) && c.state == open {
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

// lapsed reports whether the connection is gone, or a deadline that ends it passed
// without the sweeper having come round, and ends it. Polling requests ask, so that a client
// never finds a connection alive that should be dead.
func (c *Conn) lapsed() bool {
	c.mu.Lock()
	now := c.server.now()
	late := c.state == gone || c.pongBy != 0 && c.pongBy <= now || c.lingerBy != 0 && c.lingerBy <= now
	c.mu.Unlock()
	if late {
		c.tick()
	}
	return late
}

// pong takes the answer to a ping.
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

// maxUnasked is how many packets that ask for nothing and answer nothing a peer
// may send in a second. [SEC-44]
const maxUnasked = 2

// unsolicited counts a ping, pong, noop or "upgrade" nobody asked for.
func (c *Conn) unsolicited() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.countUnasked()
}

func (c *Conn) countUnasked() error {
	now := c.server.now()
	if c.unaskedFrom == 0 || now-c.unaskedFrom >= time.Second {
		c.unaskedFrom, c.unasked = max(now, 1), 0
	}
	c.unasked++
	if c.unasked > maxUnasked {
		return protocolError{codePolicy, "too many unsolicited packets", ReasonForcedClose}
	}
	return nil
}
