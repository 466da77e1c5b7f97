package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/turnike/turnike/internal/session"
	"github.com/turnike/turnike/internal/store"
)

// workspace is the store of the data directory, opened for a command.
type workspace struct {
	cfg    Config
	server *runningServer // nil while none runs
	store  store.Store
	core   *session.Core
	by     session.Actor // who runs the command
}

// open opens the store that is there. A mistyped --data must not make an empty
// one.
func (a *app) open(ctx context.Context) (*workspace, error) {
	if noDatabase(a.data) {
		return nil, fmt.Errorf("there is no data directory at %s; name it with --data, or begin with: turnike serve", a.data)
	}
	return a.openOrCreate(ctx)
}

// openOrCreate opens the store, making it where there is none.
func (a *app) openOrCreate(ctx context.Context) (*workspace, error) {
	cfg, server, err := a.configInForce()
	if err != nil {
		return nil, err
	}
	log := slog.New(slog.DiscardHandler) // what a command has to say is its error
	store, err := openStoreForCommand(ctx, a.data, log)
	if err != nil {
		return nil, fmt.Errorf("cannot open the data directory %s: %w", a.data, err)
	}
	return &workspace{cfg: cfg, server: server, store: store, core: session.New(store, cfg.rules(), log), by: invoker()}, nil
}

// close closes the store; err is what the command has to say so far.
func (w *workspace) close(err *error) {
	if e := w.store.Close(); *err == nil && e != nil {
		*err = fmt.Errorf("cannot close the database: %w", e)
	}
}

// serving tells whether a server runs on the data directory.
func (w *workspace) serving() bool {
	_, running := serverPID(w.cfg.Data)
	return running
}

// agrees refuses a command whose secret is not that of the running server.
func (w *workspace) agrees(key string) error {
	if w.server == nil {
		return nil
	}
	return w.server.agrees(w.cfg, key)
}

// errNotConfirmed: the change is durable, but the server has not applied it.
var errNotConfirmed = errors.New("committed, not yet confirmed: the running server did not answer within a second")

// settle waits until the running server, if any, has applied what this command
// committed: then nobody it ended is served any more [I2].
func (w *workspace) settle(ctx context.Context) error {
	ctx, stop := context.WithTimeout(ctx, time.Second)
	defer stop()
	err := w.store.WaitApplied(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		return errNotConfirmed
	}
	return err
}

// user finds an account by its name in any spelling.
func (w *workspace) user(ctx context.Context, name string) (session.User, error) {
	u, err := w.store.UserByName(ctx, name)
	if errors.Is(err, session.ErrNoUser) {
		return u, fmt.Errorf("there is no user %s", clip(name))
	}
	return u, err
}

// pool finds a pool by its name.
func (w *workspace) pool(ctx context.Context, name string) (session.Pool, error) {
	p, err := w.store.PoolByName(ctx, name)
	if errors.Is(err, session.ErrNoPool) {
		return p, fmt.Errorf("there is no pool %s; make it with: turnike pool set %s --create --limit N", clip(name), name)
	}
	return p, err
}
