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
func (c *userDisableCommand) Run(ctx context.Context, a *app) (err error) {
	w, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer w.close(&err)
	return w.changeUser(ctx, a, c.Name, "disabled", session.UserChange{Disabled: new(true)})
}
