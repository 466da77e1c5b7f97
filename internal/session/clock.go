package session

import "time"

// Clock tells the time of deadlines: the wall clock at its making plus the
// monotonic time since, so that a step of the wall clock frees nothing [T1].
type Clock struct{ start time.Time }

// NewClock starts a clock at the present wall time.
func NewClock() Clock { return Clock{start: time.Now()} }

// Now is the time of deadlines, in UTC, in milliseconds.
func (c Clock) Now() time.Time {
	// Truncate strips the monotonic reading after Since has used it.
	return c.start.Add(time.Since(c.start)).UTC().Truncate(time.Millisecond)
}
