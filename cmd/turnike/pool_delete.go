package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/turnike/turnike/internal/store"
)

// poolDeleteCommand deletes a pool that has no accounts.
type poolDeleteCommand struct {
	Name string `arg:"" complete:"pools" help:"The pool."`
}

// Run deletes the pool. The name becomes free; the audit trail keeps its events.
func (c *poolDeleteCommand) Run(ctx context.Context, inv *invocation) (err error) {
	if c.Name == store.DefaultPool {
		return fmt.Errorf("pool %s cannot be deleted: it is the pool of accounts that name none", c.Name)
	}
	w, err := inv.open(ctx)
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
	return inv.say("pool %s deleted", c.Name)
}
