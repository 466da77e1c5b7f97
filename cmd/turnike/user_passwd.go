package main

import (
	"context"

	"github.com/turnike/turnike/internal/session"
)

// userPasswdCommand sets a password.
type userPasswdCommand struct {
	Name string `arg:"" complete:"users" help:"The account."`
	passwordFlags
}

// Run sets the password, which ends the sessions of the account [A7].
func (c *userPasswdCommand) Run(ctx context.Context, inv *invocation) (err error) {
	w, err := inv.open(ctx)
	if err != nil {
		return err
	}
	defer w.close(&err)
	if err := w.agrees("password.pepper"); err != nil {
		return err
	}
	u, err := w.user(ctx, c.Name)
	if err != nil {
		return err
	}
	hash, err := c.hash(ctx, inv, w.cfg, u.Name)
	if err != nil {
		return err
	}
	return w.changeUser(ctx, inv, c.Name, "has a new password", session.UserChange{PasswordHash: &hash})
}
