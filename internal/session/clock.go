package session

import "time"

// Clock is a clock that a step of the machine's clock does not move: the time at its
// start plus the monotonic time since then [T1].
type Clock struct {
	base  time.Time // what it showed at its start
	begun time.Time // then, with the monotonic reading
}

// NewClock starts a clock at the present wall time.
func NewClock() Clock { return NewClockAt(time.Now()) }

// NewClockAt starts a clock that shows at now.
func NewClockAt(at time.Time) Clock { return Clock{base: at.Round(0), begun: time.Now()} }

// Now returns the time of the clock, in UTC, in milliseconds.
func (c Clock) Now() time.Time {
	return c.base.Add(time.Since(c.begun)).UTC().Truncate(time.Millisecond)
}
