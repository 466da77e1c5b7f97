package main

import (
	"context"

	"github.com/turnike/turnike/internal/session"
)

// userEnableCommand lets a disabled account log in again.
type userEnableCommand struct {
	Name string `arg:"" complete:"users" help:"The account."`
}

// Run enables the account.
func (c *userEnableCommand) Run(ctx context.Context, inv *invocation) (err error) {
	w, err := inv.open(ctx)
	if err != nil {
		return err
	}
	defer w.close(&err)
	return w.changeUser(ctx, inv, c.Name, "enabled", session.UserChange{Disabled: new(false)})
}
