package engineio

import "time"

// transport carries a connection's packets: [polling] or [webSocket]. Callers of its
// methods must hold Conn.mu.
type transport interface {
	// name returns Polling or WebSocket.
	name() string
	// ended sends the end to the peer, or keeps it for the next poll.
	ended(fx *effects, k closing)
	// deadline returns the time of the next tick, or zero.
	deadline() time.Duration
	// tick handles the deadlines that have passed.
	tick(fx *effects, now time.Duration)
}

// passed reports whether a deadline has passed, and clears it.
func passed(deadline *time.Duration, now time.Duration) bool {
	if *deadline == 0 || *deadline > now {
		return false
	}
	*deadline = 0
	return true
}

// earlier returns the earlier of two deadlines; zero means none.
func earlier(a, b time.Duration) time.Duration {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}
