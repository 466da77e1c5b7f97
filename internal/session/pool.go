package session

import "time"

// PoolChange is what an operator changes of a pool; nil leaves it as it is.
type PoolChange struct {
	Limit       *int
	MaxSessions *int
	Policy      *Policy
	Login       *LoginMode
	Presence    *Visibility
	// Configured is set when the limit comes from the configuration: it gives
	// way to one that an operator has set.
	Configured bool
}

// changePool changes a pool's limit and rules. Lowering the limit below what is
// used kicks nobody [S8].
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
	p := newPlan(State{Pool: next}, Rules{}, now)
	p.emit(Event{Type: PoolChanged, Presence: next.Presence})
	return p.done()
}
