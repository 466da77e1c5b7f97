package main

import (
	"context"

	"github.com/turnike/turnike/internal/session"
)

// userDeleteCommand deletes an account, which ends its sessions [A7]. Its name
// is free again; what it did stays in the audit trail.
type userDeleteCommand struct {
	Name string `arg:"" help:"The account."`
}

// Run deletes the account.
func (c *userDeleteCommand) Run(ctx context.Context, a *app) (err error) {
	w, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer w.close(&err)
	return w.changeUser(ctx, a, c.Name, "deleted", session.UserChange{Delete: true})
}
