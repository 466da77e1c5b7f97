package engineio

import "time"

// transport is how a connection's packets travel: [polling] or [webSocket]. Its
// methods are called with Conn.mu held.
type transport interface {
	// name is Polling or WebSocket.
	name() string
	// ended tells the peer of an end, or leaves what it has to hear of it.
	ended(fx *effects, k closing)
	// deadline is when tick has something to do next, or zero.
	deadline() time.Duration
	// tick does what is due.
	tick(fx *effects, now time.Duration)
}

// passed reports whether a deadline is over, and takes it back.
func passed(deadline *time.Duration, now time.Duration) bool {
	if *deadline == 0 || *deadline > now {
		return false
	}
	*deadline = 0
	return true
}

// earlier is the earlier one of two deadlines, of which zero is none.
func earlier(a, b time.Duration) time.Duration {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}
