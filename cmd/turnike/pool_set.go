package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/turnike/turnike/internal/account"
	"github.com/turnike/turnike/internal/session"
)

// The greatest numbers of a pool, those of seat.limit and session.max_per_user.
const (
	maxLimit    = 1_000_000
	maxSessions = 1000
)

// poolSetCommand changes a pool, or makes one.
type poolSetCommand struct {
	Create      bool    `help:"Make the pool although its name is like that of another pool."`
	Name        string  `arg:"" complete:"pools" help:"The pool."`
	Limit       *int    `placeholder:"N" help:"Users inside at once; 0 lets nobody new in."`
	Policy      *string `enum:"replace,deny,ask" placeholder:"POLICY" help:"What a login does that finds another session of its user: replace it, deny (while it is in use) or ask."`
	MaxSessions *int    `placeholder:"N" help:"Live sessions of one user; 0 is what session.max_per_user says."`
	Login       *string `enum:"session,seat" placeholder:"MODE" help:"When a seat is taken: at register_user (session) or at login already (seat)."`
	Presence    *string `enum:"names,count,none" placeholder:"WHAT" help:"What users see of each other: names, count or none."`
}

// Run makes the pool when it is new, and changes it. A lower limit than what is
// used kicks nobody [S8].
func (c *poolSetCommand) Run(ctx context.Context, a *app) (err error) {
	if err := c.check(); err != nil {
		return err
	}
	w, err := a.openOrCreate(ctx)
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
	return c.tell(ctx, a, w)
}

// create makes the pool. A name that is probably a typing error makes none
// without --create.
func (c *poolSetCommand) create(ctx context.Context, w *workspace) (session.Pool, error) {
	pools, err := w.store.Pools(ctx)
	if err != nil {
		return session.Pool{}, err
	}
	var names []string
	for _, p := range pools {
		names = append(names, p.Name)
	}
	meant := mistyped(c.Name, names)
	switch {
	case c.Limit == nil && meant != "":
		return session.Pool{}, fmt.Errorf("there is no pool %s; did you mean %s?", c.Name, meant)
	case c.Limit == nil:
		return session.Pool{}, fmt.Errorf("there is no pool %s; make it with: turnike pool set %s --create --limit N", c.Name, c.Name)
	case meant != "" && !c.Create:
		return session.Pool{}, fmt.Errorf("there is no pool %s; did you mean %s? To make %s, add --create", c.Name, meant, c.Name)
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
	case c.Limit != nil && (*c.Limit < 0 || *c.Limit > maxLimit):
		return fmt.Errorf("--limit: %d is not from 0 to %d", *c.Limit, maxLimit)
	case c.MaxSessions != nil && (*c.MaxSessions < 0 || *c.MaxSessions > maxSessions):
		return fmt.Errorf("--max-sessions: %d is not from 0 to %d", *c.MaxSessions, maxSessions)
	}
	return nil
}

// tell says what the pool is now, and whether more are inside than it lets in.
func (c *poolSetCommand) tell(ctx context.Context, a *app, w *workspace) error {
	pool, err := w.store.PoolByName(ctx, c.Name)
	if err != nil {
		return err
	}
	if over := pool.Used() - pool.Limit; over > 0 {
		return a.say("pool %s has a limit of %d, %d over it are inside and stay", pool.Name, pool.Limit, over)
	}
	return a.say("pool %s has a limit of %d, %d used", pool.Name, pool.Limit, pool.Used())
}
