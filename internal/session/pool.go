package session

import "time"

// PoolChange is a change of a pool by an operator; a nil field stays as it is.
type PoolChange struct {
	Limit       *int
	MaxSessions *int
	Policy      *Policy
	Login       *LoginMode
	Presence    *Visibility
	// Configured is set if the limit comes from the configuration. It does not
	// replace a limit that an operator has set.
	Configured bool
}

// changePool changes a pool's limit and rules. A limit below the seats in use ends
// no session [S8].
func changePool(pool Pool, now time.Time, c PoolChange) Change {
	next := pool
	if c.Limit != nil && !(c.Configured && pool.LimitSet) {
		next.Limit, next.LimitSet = *c.Limit, !c.Configured
	}
	if c.MaxSessions != nil {
		next.MaxSessions = *c.MaxSessions
	}
	if c.Policy != nil {
		next.Policy = *c.Policy
	}
	if c.Login != nil {
		next.Login = *c.Login
	}
	if c.Presence != nil {
		next.Presence = *c.Presence
	}
	if next == pool {
		return Change{Pool: pool}
	}
	p := newTransition(State{Pool: next}, Rules{}, now)
	p.emit(Event{Type: PoolChanged, Presence: next.Presence})
	return p.done()
}
