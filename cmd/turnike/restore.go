package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/turnike/turnike/internal/app"
	"github.com/turnike/turnike/internal/config"
	"github.com/turnike/turnike/internal/input"
	"github.com/turnike/turnike/internal/session"
	"github.com/turnike/turnike/internal/store"
	"github.com/turnike/turnike/internal/token/keyfile"
)

// restoreCommand replaces the database with a backup.
type restoreCommand struct {
	File string `arg:"" help:"A file written by turnike backup."`
}

// Run unpacks and checks the backup, ends its sessions, and installs it as the
// database. The server must be stopped.
func (c *restoreCommand) Run(ctx context.Context, inv *invocation) (err error) {
	cfg, err := inv.config()
	if err != nil {
		return err
	}
	if _, err := os.Stat(c.File); err != nil { // before a directory is created for it
		return fmt.Errorf("cannot read the backup: %w", err)
	}
	lock, err := app.LockData(inv.data)
	if locked, ok := errors.AsType[*store.LockedError](err); ok {
		return fmt.Errorf("%w; stop it, then restore", locked)
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	unpacked, err := app.UnpackBackup(ctx, inv.data, c.File)
	if err != nil {
		return fmt.Errorf("cannot restore: %w", err)
	}
	accounts, ended, err := renew(ctx, cfg, unpacked)
	if err != nil {
		return errors.Join(fmt.Errorf("cannot restore %s: %w", input.Quote(c.File), err), unpacked.Discard())
	}
	kept, err := unpacked.Install(time.Now())
	if err != nil {
		return errors.Join(fmt.Errorf("cannot restore: %w", err), unpacked.Discard())
	}
	return c.report(inv, accounts, ended, kept)
}

// renew begins a new epoch in the unpacked database and ends all its sessions: a
// session that has ended since the backup must not become live again [A7].
func renew(ctx context.Context, cfg config.Config, unpacked app.Restoration) (accounts, ended int, err error) {
	log := slog.New(slog.DiscardHandler)
	store, err := app.OpenStore(ctx, unpacked.Dir(), log)
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	core := session.New(store, cfg.Rules(), log)
	if err := core.Boot(ctx, rand.Text()); err != nil {
		return 0, 0, err
	}
	sessions, err := store.Sessions(ctx)
	if err != nil {
		return 0, 0, err
	}
	users, err := store.Users(ctx)
	if err != nil {
		return 0, 0, err
	}
	by := invoker()
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(endTogether)
	for _, u := range users {
		group.Go(func() error { return core.ChangeUser(groupCtx, by, session.UserChange{User: u.ID, Restored: true}) })
	}
	return len(users), len(sessions), group.Wait()
}

// report prints what was done and what to do next.
func (c *restoreCommand) report(inv *invocation, accounts, ended int, kept string) error {
	if err := inv.say("restored %s: accounts %d, sessions ended %d", c.File, accounts, ended); err != nil {
		return err
	}
	if kept != "" {
		if err := inv.say("the previous database is kept as %s", kept); err != nil {
			return err
		}
	}
	keys := filepath.Join(inv.data, keyfile.Name)
	what := "the token keys in " + keys + " stay as they are"
	if _, err := os.Stat(keys); errors.Is(err, os.ErrNotExist) {
		what = "there are no token keys in " + inv.data + ": the next start makes them"
	}
	return inv.say("%s; begin with: turnike serve", what)
}
