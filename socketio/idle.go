package socketio

import "time"

// maxIdle bounds the packets of one connection that begin nothing new, within
// [idleWindow]: CONNECTs to a namespace it was in before, is in, or that does not
// exist; answers that no event waits for. [SEC-44] A person or a page that leaves
// and enters a namespace stays far below it.
const (
	maxIdle    = 64
	idleWindow = 10 * time.Second
)

// idleCount counts such packets. Only the reading goroutine uses it.
type idleCount struct {
	n     int
	since time.Time
}

// add counts a packet and reports whether it is within the bound.
func (c *idleCount) add() bool {
	if now := time.Now(); c.n == 0 || now.Sub(c.since) >= idleWindow {
		c.n, c.since = 0, now
	}
	c.n++
	return c.n <= maxIdle
}
