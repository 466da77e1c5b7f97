package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/turnike/turnike/internal/store"
)

// poolDeleteCommand deletes a pool that no account is in.
type poolDeleteCommand struct {
	Name string `arg:"" complete:"pools" help:"The pool."`
}

// Run deletes the pool. Its name is free again; the audit trail keeps its events.
func (c *poolDeleteCommand) Run(ctx context.Context, a *app) (err error) {
	if c.Name == store.DefaultPool {
		return fmt.Errorf("pool %s cannot be deleted: it is the pool of accounts that name none", c.Name)
	}
	w, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer w.close(&err)
	if _, err := w.pool(ctx, c.Name); err != nil {
		return err
	}
	err = w.store.DeletePool(ctx, w.by, c.Name)
	if used, ok := errors.AsType[*store.PoolInUseError](err); ok {
		return fmt.Errorf("pool %s has %s; move them first: turnike user set NAME --pool OTHER", c.Name, count(used.Users, "account"))
	}
	if err != nil {
		return err
	}
	if err := w.settle(ctx); err != nil {
		return err
	}
	return a.say("pool %s deleted", c.Name)
}
