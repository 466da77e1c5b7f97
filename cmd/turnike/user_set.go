package main

import (
	"context"

	"github.com/turnike/turnike/internal/account"
	"github.com/turnike/turnike/internal/session"
)

// userSetCommand changes an account's role or pool.
type userSetCommand struct {
	Name string  `arg:"" complete:"users" help:"The account."`
	Role *string `enum:"user,admin" placeholder:"ROLE" help:"user or admin."`
	Pool *string `placeholder:"POOL" complete:"pools" help:"The pool whose seats the account uses."`
}

// Run changes the account, which ends its sessions [A7].
func (c *userSetCommand) Run(ctx context.Context, inv *invocation) (err error) {
	if c.Role == nil && c.Pool == nil {
		return usageError{"user set: give --role or --pool"}
	}
	w, err := inv.open(ctx)
	if err != nil {
		return err
	}
	defer w.close(&err)
	change := session.UserChange{Role: (*account.Role)(c.Role)}
	if c.Pool != nil {
		pool, err := w.pool(ctx, *c.Pool)
		if err != nil {
			return err
		}
		change.Pool = &pool.ID
	}
	return w.changeUser(ctx, inv, c.Name, "changed", change)
}
