package socketio

import "time"

// maxIdle bounds the packets without effect of one connection within [idleWindow]:
// CONNECTs to a namespace that the connection was or is in, or that does not exist, and
// answers that match no event. [SEC-44] A page that leaves and enters a namespace stays
// far below this bound.
const (
	maxIdle    = 64
	idleWindow = 10 * time.Second
)

// idleCount counts packets without effect. Only the reading goroutine uses it.
type idleCount struct {
	n     int
	since time.Time
}

// add counts a packet and reports whether the count is within maxIdle.
func (c *idleCount) add() bool {
	if now := time.Now(); c.n == 0 || now.Sub(c.since) >= idleWindow {
		c.n, c.since = 0, now
	}
	c.n++
	return c.n <= maxIdle
}
