package main

import (
	"context"

	"github.com/turnike/turnike/internal/session"
)

// userDisableCommand disables an account, which ends its sessions [A7].
type userDisableCommand struct {
	Name string `arg:"" complete:"users" help:"The account."`
}

// Run disables the account.
func (c *userDisableCommand) Run(ctx context.Context, inv *invocation) (err error) {
	w, err := inv.open(ctx)
	if err != nil {
		return err
	}
	defer w.close(&err)
	return w.changeUser(ctx, inv, c.Name, "disabled", session.UserChange{Disabled: new(true)})
}
