package session

import (
	"context"
	"time"
)

// command says who does what to whose state.
type command struct {
	by   Actor
	what act
	user string // of the state; not for an act of a pool
	pool PoolID // for an act of a pool
}

// run carries out a command: it authorises the actor, lets the rule decide inside
// the store's transaction, records the actor in every event and waits until the
// outcome is applied. All commands of Core come here, and a store refuses events
// without an actor ([Check]), so none of these steps can be left out.
func (c *Core) run(ctx context.Context, cmd command, decide func(State, time.Time) Change) error {
	if err := cmd.by.may(cmd.what, cmd.user); err != nil {
		return err
	}
	var pos Pos
	var err error
	if cmd.what.ofPool() {
		pos, err = c.store.UpdatePool(ctx, cmd.pool, func(p Pool, now time.Time) Change {
			return cmd.by.sign(decide(State{Pool: p}, now), User{})
		})
	} else {
		pos, err = c.store.Update(ctx, cmd.user, func(st State, now time.Time) Change {
			return cmd.by.sign(decide(st, now), st.User)
		})
	}
	if err != nil || !cmd.what.waits() {
		return err
	}
	return c.await(ctx, pos)
}
