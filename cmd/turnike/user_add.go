package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/turnike/turnike/internal/account"
	"github.com/turnike/turnike/internal/input"
	"github.com/turnike/turnike/internal/session"
	"github.com/turnike/turnike/internal/store"
)

// userAddCommand adds an account.
type userAddCommand struct {
	Name string `arg:"" help:"The name to log in with."`
	Role string `default:"user" enum:"user,admin" placeholder:"ROLE" help:"user or admin."`
	Pool string `default:"default" placeholder:"POOL" complete:"pools" help:"The pool whose seats the account uses."`
	passwordFlags
}

// Run adds the account.
func (c *userAddCommand) Run(ctx context.Context, inv *invocation) (err error) {
	name, err := account.ParseName(c.Name)
	if err != nil {
		return fmt.Errorf("%s: %w", input.Quote(c.Name), err)
	}
	w, err := inv.openOrCreate(ctx)
	if err != nil {
		return err
	}
	defer w.close(&err)
	if err := w.agrees("password.pepper"); err != nil {
		return err
	}
	// Check the name before asking for the password.
	if _, err := w.store.UserByName(ctx, name); !errors.Is(err, session.ErrNoUser) {
		if err == nil {
			err = &store.UserExistsError{Name: name}
		}
		return explainAccount(err)
	}
	if _, err := w.pool(ctx, c.Pool); err != nil {
		return err
	}
	hash, err := c.hash(ctx, inv, w.cfg, name)
	if err != nil {
		return err
	}
	user := store.NewUser{Name: name, Role: account.Role(c.Role), Pool: c.Pool, PasswordHash: hash}
	if err := w.store.CreateUsers(ctx, w.by, []store.NewUser{user}); err != nil {
		return explainAccount(err)
	}
	return inv.say("%s %s added to pool %s", c.Role, name, c.Pool)
}

// explainAccount returns an error that says why an account cannot be created.
func explainAccount(err error) error {
	if exists, ok := errors.AsType[*store.UserExistsError](err); ok {
		return fmt.Errorf("there is a user %s already", input.Quote(exists.Name))
	}
	return err
}
