package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/turnike/turnike/internal/account"
	"github.com/turnike/turnike/internal/session"
	"github.com/turnike/turnike/internal/store"
)

// userAddCommand adds an account.
type userAddCommand struct {
	Name string `arg:"" help:"The name to log in with."`
	Role string `default:"user" enum:"user,admin" placeholder:"ROLE" help:"user or admin."`
	Pool string `default:"default" placeholder:"POOL" complete:"pools" help:"The pool whose seats it uses."`
	passwordFlags
}

// Run adds the account.
func (c *userAddCommand) Run(ctx context.Context, a *app) (err error) {
	name, err := account.ParseName(c.Name)
	if err != nil {
		return fmt.Errorf("%s: %w", clip(c.Name), err)
	}
	w, err := a.openOrCreate(ctx)
	if err != nil {
		return err
	}
	defer w.close(&err)
	if err := w.agrees("password.pepper"); err != nil {
		return err
	}
	// Asked before the password is, so that nobody types one in vain.
	if _, err := w.store.UserByName(ctx, name); !errors.Is(err, session.ErrNoUser) {
		if err == nil {
			err = &store.UserExistsError{Name: name}
		}
		return explainAccount(err)
	}
	if _, err := w.pool(ctx, c.Pool); err != nil {
		return err
	}
	hash, err := c.hash(ctx, a, w.cfg, name)
	if err != nil {
		return err
	}
	user := store.NewUser{Name: name, Role: account.Role(c.Role), Pool: c.Pool, PasswordHash: hash}
	if err := w.store.CreateUsers(ctx, w.by, []store.NewUser{user}); err != nil {
		return explainAccount(err)
	}
	return a.say("%s %s added to pool %s", c.Role, name, c.Pool)
}

// explainAccount says for people why accounts cannot be made.
func explainAccount(err error) error {
	if exists, ok := errors.AsType[*store.UserExistsError](err); ok {
		return fmt.Errorf("there is a user %s already", clip(exists.Name))
	}
	return err
}
