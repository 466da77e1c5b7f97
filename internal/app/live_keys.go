package app

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/turnike/turnike/internal/config"
	"github.com/turnike/turnike/internal/session"
	"github.com/turnike/turnike/internal/token"
)

// keysInterval is how often the running server checks the keys.
const keysInterval = time.Second

// liveKeys keeps the keyring of the running server equal to the keys in the data
// directory or in the configuration [SEC-23]. It checks once a second, at SIGHUP, and
// when the event log says that a command changed the keys. The command is confirmed
// only after the change is applied.
type liveKeys struct {
	ring   *token.Keyring
	cfg    config.Config
	reload func() (config.Config, error) // loads the configuration again
	gone   func()                        // called when a secret is no longer valid
	log    *slog.Logger

	turn    chan struct{} // capacity 1, a lock for reading and using keys and for failure
	failure string        // the last error, so that each is logged only once
}

func newLiveKeys(ring *token.Keyring, cfg config.Config, reload func() (config.Config, error), gone func(), log *slog.Logger) *liveKeys {
	return &liveKeys{ring: ring, cfg: cfg, reload: reload, gone: gone, log: log, turn: make(chan struct{}, 1)}
}

// run checks once a second until ctx is done.
func (k *liveKeys) run(ctx context.Context) {
	tick := time.NewTicker(keysInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			k.look()
		}
	}
}

// look reads the keys of the data directory. Configured secrets are read at SIGHUP
// only: there can be several, and only the operator knows when all are in place.
func (k *liveKeys) look() {
	if !k.cfg.Token.Secret.IsSet() {
		k.refresh(k.cfg)
	}
}

// commit applies a change of the keys before later events. It reads a small file in
// the store's goroutine, so that a confirmed command has taken effect; this happens
// once in months.
func (k *liveKeys) commit(events []session.Event) {
	if slices.ContainsFunc(events, func(e session.Event) bool {
		return e.Type == session.TokenKeysChanged || e.Type == session.LogLost
	}) {
		k.look()
	}
}

// hangup reads the keys again, including configured secrets. If such a secret was
// removed, sockets that depend on it must be closed. Keys of the data directory need
// no such check: removing one ends the sessions that it signed for.
func (k *liveKeys) hangup() {
	before := k.ring.IDs()
	k.reread()
	if k.cfg.Token.Secret.IsSet() && !subset(before, k.ring.IDs()) {
		k.gone()
	}
}

// subset reports whether all of some are in others.
func subset(some, others []string) bool {
	return !slices.ContainsFunc(some, func(s string) bool { return !slices.Contains(others, s) })
}

func (k *liveKeys) reread() {
	cfg := k.cfg
	if cfg.Token.Secret.IsSet() {
		next, err := k.reload()
		if err == nil && !next.Token.Secret.IsSet() {
			err = errors.New("token.secret: it is not set any more; that needs a restart")
		}
		if err != nil {
			k.log.Error("the token keys were not read; the old ones are kept", "error", err)
			return
		}
		cfg.Token = next.Token
	}
	k.refresh(cfg)
}

// refresh reads the keys and uses them if they have changed. Only one caller at a
// time reads, so that a slow one cannot bring back older keys.
func (k *liveKeys) refresh(cfg config.Config) {
	k.turn <- struct{}{}
	defer func() { <-k.turn }()
	keys, err := readKeys(cfg, time.Now())
	var ids []string
	if err == nil {
		for _, key := range keys {
			ids = append(ids, key.ID())
		}
		if slices.Equal(ids, k.ring.IDs()) {
			k.failure = ""
			return
		}
		err = k.ring.Use(keys[0], keys[1:]...)
	}
	if err != nil {
		if text := err.Error(); text != k.failure {
			k.failure = text
			k.log.Error("the token keys were not read; the old ones are kept", "error", err)
		}
		return
	}
	k.failure = ""
	k.log.Info("token keys changed", "signs", ids[0], "verify_only", ids[1:])
}
