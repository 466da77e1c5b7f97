package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/turnike/turnike/internal/app"
	"github.com/turnike/turnike/internal/config"
	"github.com/turnike/turnike/internal/input"
	"github.com/turnike/turnike/internal/session"
	"github.com/turnike/turnike/internal/store"
)

// workspace is the store of the data directory, opened for a command.
type workspace struct {
	cfg    config.Config
	server *app.RunningServer // nil if no server runs
	store  store.Store
	core   *session.Core
	by     session.Actor // who runs the command
}

// open opens an existing store. A mistyped --data must not create an empty one.
func (inv *invocation) open(ctx context.Context) (*workspace, error) {
	if pid, running := app.ServerPID(inv.data); running && app.NoDatabase(inv.data) {
		return nil, fmt.Errorf("the database of %s is missing under the running server (process id %d): put turnike.db back, or stop the server and restore a backup", inv.data, pid)
	}
	if app.NoDatabase(inv.data) {
		return nil, fmt.Errorf("there is no data directory at %s; name it with --data, or begin with: turnike serve", inv.data)
	}
	return inv.openOrCreate(ctx)
}

// openOrCreate opens the store and creates it if necessary.
func (inv *invocation) openOrCreate(ctx context.Context) (*workspace, error) {
	cfg, server, err := inv.configInForce()
	if err != nil {
		return nil, err
	}
	log := slog.New(slog.DiscardHandler) // a command reports only its error
	store, err := app.OpenStoreForCommand(ctx, inv.data, log)
	if err != nil {
		return nil, fmt.Errorf("cannot open the data directory %s: %w", inv.data, err)
	}
	return &workspace{cfg: cfg, server: server, store: store, core: session.New(store, cfg.Rules(), log), by: invoker()}, nil
}

// close closes the store. It sets err unless the command has already failed.
func (w *workspace) close(err *error) {
	if e := w.store.Close(); *err == nil && e != nil {
		*err = fmt.Errorf("cannot close the database: %w", e)
	}
}

// serving reports whether a server runs on the data directory.
func (w *workspace) serving() bool {
	_, running := app.ServerPID(w.cfg.Data)
	return running
}

// agrees returns an error if the secret is set here and not in the running server,
// or the other way round.
func (w *workspace) agrees(key string) error {
	if w.server == nil {
		return nil
	}
	return w.server.Agrees(w.cfg, key)
}

// errNotConfirmed reports that the change is durable but the server has not confirmed
// it.
var errNotConfirmed = errors.New("committed, not yet confirmed: the running server did not answer within a second")

// settle waits until the running server, if any, has applied what this command
// committed. From then on no ended session is served [I2].
func (w *workspace) settle(ctx context.Context) error {
	ctx, stop := context.WithTimeout(ctx, time.Second)
	defer stop()
	err := w.store.WaitApplied(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		return errNotConfirmed
	}
	return err
}

// user returns the account with the name, in any spelling.
func (w *workspace) user(ctx context.Context, name string) (session.User, error) {
	u, err := w.store.UserByName(ctx, name)
	if errors.Is(err, session.ErrNoUser) {
		return u, fmt.Errorf("there is no user %s", input.Quote(name))
	}
	return u, err
}

// pool returns the pool with the name.
func (w *workspace) pool(ctx context.Context, name string) (session.Pool, error) {
	p, err := w.store.PoolByName(ctx, name)
	if errors.Is(err, session.ErrNoPool) {
		return p, fmt.Errorf("there is no pool %s; create it with: turnike pool set %s --create --limit N", input.Quote(name), name)
	}
	return p, err
}
