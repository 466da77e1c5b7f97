package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/turnike/turnike/internal/input"
	"github.com/turnike/turnike/internal/session"
)

// changeUser changes an account, waits for the running server, and prints what was
// done.
func (w *workspace) changeUser(ctx context.Context, inv *invocation, name, done string, change session.UserChange) error {
	u, err := w.user(ctx, name)
	if err != nil {
		return err
	}
	change.User = u.ID
	err = w.core.ChangeUser(ctx, w.by, change)
	if errors.Is(err, session.ErrNoUser) { // deleted in the meantime
		return fmt.Errorf("there is no user %s", input.Quote(name))
	}
	if err != nil {
		return err
	}
	if err := w.settle(ctx); err != nil {
		return err
	}
	return inv.say("%s %s", u.Name, done)
}
