package main

import (
	"context"
	"fmt"

	"github.com/turnike/turnike/internal/session"
)

// userDeleteCommand deletes an account, which ends its sessions [A7]. The name becomes
// free; the audit trail keeps the events of the account.
type userDeleteCommand struct {
	Name string `arg:"" complete:"users" help:"The account."`
	Yes  bool   `help:"Do not ask for confirmation."`
}

// Run deletes the account. On a terminal it asks first.
func (c *userDeleteCommand) Run(ctx context.Context, inv *invocation) (err error) {
	w, err := inv.open(ctx)
	if err != nil {
		return err
	}
	defer w.close(&err)
	u, err := w.user(ctx, c.Name)
	if err != nil {
		return err
	}
	if !c.Yes {
		if err := inv.confirm(fmt.Sprintf("Delete %s and end its sessions? This cannot be undone.", u.Name)); err != nil {
			return err
		}
	}
	return w.changeUser(ctx, inv, c.Name, "deleted", session.UserChange{Delete: true})
}
