package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/turnike/turnike/internal/session"
)

// changeUser changes an account, waits for the running server, and says what
// was done.
func (w *workspace) changeUser(ctx context.Context, a *app, name, done string, change session.UserChange) error {
	u, err := w.user(ctx, name)
	if err != nil {
		return err
	}
	change.User = u.ID
	err = w.core.ChangeUser(ctx, w.by, change)
	if errors.Is(err, session.ErrNoUser) { // deleted in the meantime
		return fmt.Errorf("there is no user %s", clip(name))
	}
	if err != nil {
		return err
	}
	if err := w.settle(ctx); err != nil {
		return err
	}
	return a.say("%s %s", u.Name, done)
}
