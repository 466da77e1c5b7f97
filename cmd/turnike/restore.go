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

	"github.com/turnike/turnike/internal/session"
	"github.com/turnike/turnike/internal/store"
	"github.com/turnike/turnike/internal/token/keyfile"
)

// restoreCommand puts a backup into the place of the database.
type restoreCommand struct {
	File string `arg:"" help:"A file that turnike backup has written."`
}

// Run checks the backup, ends its sessions aside, and puts it into place. The
// server must be stopped.
func (c *restoreCommand) Run(ctx context.Context, a *app) (err error) {
	cfg, err := a.config()
	if err != nil {
		return err
	}
	if _, err := os.Stat(c.File); err != nil { // before a directory is made for it
		return fmt.Errorf("cannot read the backup: %w", err)
	}
	lock, err := lockData(a.data)
	if locked, ok := errors.AsType[*store.LockedError](err); ok {
		return fmt.Errorf("%w; stop it, then restore", locked)
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	unpacked, err := unpackBackup(ctx, a.data, c.File)
	if err != nil {
		return fmt.Errorf("cannot restore: %w", err)
	}
	accounts, ended, err := renew(ctx, cfg, unpacked)
	if err != nil {
		return errors.Join(fmt.Errorf("cannot restore %s: %w", clip(c.File), err), unpacked.Discard())
	}
	kept, err := unpacked.Install(time.Now())
	if err != nil {
		return errors.Join(fmt.Errorf("cannot restore: %w", err), unpacked.Discard())
	}
	return c.report(a, accounts, ended, kept)
}

// renew begins a new epoch in the unpacked database, and ends all sessions in it.
// What was ended since the backup was made must not be live again [A7].
func renew(ctx context.Context, cfg Config, unpacked restoration) (accounts, ended int, err error) {
	log := slog.New(slog.DiscardHandler)
	store, err := openStore(ctx, unpacked.Dir(), log)
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	core := session.New(store, cfg.rules(), log)
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

// report says what was done and what is left to do.
func (c *restoreCommand) report(a *app, accounts, ended int, kept string) error {
	if err := a.say("restored %s: accounts %d, sessions ended %d", c.File, accounts, ended); err != nil {
		return err
	}
	if kept != "" {
		if err := a.say("the database before it is kept as %s", kept); err != nil {
			return err
		}
	}
	keys := filepath.Join(a.data, keyfile.Name)
	what := "the token keys in " + keys + " stay as they are"
	if _, err := os.Stat(keys); errors.Is(err, os.ErrNotExist) {
		what = "there are no token keys in " + a.data + ": the next start makes them"
	}
	return a.say("%s; begin with: turnike serve", what)
}
