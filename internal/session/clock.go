package session

import "time"

// Clock is a clock that no step of the machine's clock moves: the time at its
// making plus the monotonic time since [T1]. A store reads it for its rules.
type Clock struct {
	base  time.Time // what it showed at its making
	begun time.Time // then, with the monotonic reading
}

// NewClock starts a clock at the present wall time.
func NewClock() Clock { return NewClockAt(time.Now()) }

// NewClockAt starts a clock that shows at now.
func NewClockAt(at time.Time) Clock { return Clock{base: at.Round(0), begun: time.Now()} }

// Now is the time of the clock, in UTC, in milliseconds.
func (c Clock) Now() time.Time {
	return c.base.Add(time.Since(c.begun)).UTC().Truncate(time.Millisecond)
}
