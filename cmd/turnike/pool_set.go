package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/turnike/turnike/internal/account"
	"github.com/turnike/turnike/internal/config"
	"github.com/turnike/turnike/internal/input"
	"github.com/turnike/turnike/internal/session"
)

// poolSetCommand changes a pool or creates one.
type poolSetCommand struct {
	Create      bool    `help:"Create the pool even if its name is similar to that of another pool."`
	Name        string  `arg:"" complete:"pools" help:"The pool."`
	Limit       *int    `placeholder:"N" help:"How many users may be inside at once; 0 admits no new users."`
	Policy      *string `enum:"replace,deny,ask" placeholder:"POLICY" help:"What happens at a login while the user has another session: replace it, deny the login (while that session is in use), or ask."`
	MaxSessions *int    `placeholder:"N" help:"How many live sessions a user may have; 0 uses session.max_per_user."`
	Login       *string `enum:"session,seat" placeholder:"MODE" help:"When a seat is taken: at register_user (session) or at login (seat)."`
	Presence    *string `enum:"names,count,none" placeholder:"WHAT" help:"What users see of each other: names, count or none."`
}

// Run creates the pool if necessary and changes it. A limit below the number of used
// seats ends no session [S8].
func (c *poolSetCommand) Run(ctx context.Context, inv *invocation) (err error) {
	if err := c.check(); err != nil {
		return err
	}
	w, err := inv.openOrCreate(ctx)
	if err != nil {
		return err
	}
	defer w.close(&err)
	pool, err := w.store.PoolByName(ctx, c.Name)
	if errors.Is(err, session.ErrNoPool) {
		pool, err = c.create(ctx, w)
	}
	if err != nil {
		return err
	}
	err = w.core.ChangePool(ctx, w.by, pool.ID, session.PoolChange{
		Limit:       c.Limit,
		MaxSessions: c.MaxSessions,
		Policy:      (*session.Policy)(c.Policy),
		Login:       (*session.LoginMode)(c.Login),
		Presence:    (*session.Visibility)(c.Presence),
	})
	if err != nil {
		return err
	}
	if err := w.settle(ctx); err != nil {
		return err
	}
	return c.tell(ctx, inv, w)
}

// create creates the pool. If the name is probably a typing mistake, it does so only
// with --create.
func (c *poolSetCommand) create(ctx context.Context, w *workspace) (session.Pool, error) {
	pools, err := w.store.Pools(ctx)
	if err != nil {
		return session.Pool{}, err
	}
	var names []string
	for _, p := range pools {
		names = append(names, p.Name)
	}
	meant := input.Mistyped(c.Name, names)
	switch {
	case c.Limit == nil && meant != "":
		return session.Pool{}, fmt.Errorf("there is no pool %s; did you mean %s?", c.Name, meant)
	case c.Limit == nil:
		return session.Pool{}, fmt.Errorf("there is no pool %s; create it with: turnike pool set %s --create --limit N", c.Name, c.Name)
	case meant != "" && !c.Create:
		return session.Pool{}, fmt.Errorf("there is no pool %s; did you mean %s? To create %s, add --create", c.Name, meant, c.Name)
	}
	return w.store.CreatePool(ctx, w.by, c.Name, *c.Limit)
}

func (c *poolSetCommand) check() error {
	if _, err := account.ParsePool(c.Name); err != nil {
		return err
	}
	switch {
	case c.Limit == nil && c.Policy == nil && c.MaxSessions == nil && c.Login == nil && c.Presence == nil:
		return usageError{"pool set: give --limit or another flag"}
	case c.Limit != nil && (*c.Limit < 0 || *c.Limit > config.MaxLimit):
		return fmt.Errorf("--limit: %d is not from 0 to %d", *c.Limit, config.MaxLimit)
	case c.MaxSessions != nil && (*c.MaxSessions < 0 || *c.MaxSessions > config.MaxSessions):
		return fmt.Errorf("--max-sessions: %d is not from 0 to %d", *c.MaxSessions, config.MaxSessions)
	}
	return nil
}

// tell prints the new limit and how many seats are used.
func (c *poolSetCommand) tell(ctx context.Context, inv *invocation, w *workspace) error {
	pool, err := w.store.PoolByName(ctx, c.Name)
	if err != nil {
		return err
	}
	if over := pool.Used() - pool.Limit; over > 0 {
		return inv.say("pool %s has a limit of %d, with %s over it (no session is ended)", pool.Name, pool.Limit, count(over, "user"))
	}
	return inv.say("pool %s has a limit of %d, %d used", pool.Name, pool.Limit, pool.Used())
}
