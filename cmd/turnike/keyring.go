package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"slices"
	"time"

	"github.com/turnike/turnike/internal/secret"
	"github.com/turnike/turnike/internal/session"
	"github.com/turnike/turnike/internal/token"
	"github.com/turnike/turnike/internal/token/keyfile"
)

// openKeyring gives the keys of the installation: the configured secrets, or the
// own keys in the data directory, which are made when they are first asked for.
func openKeyring(cfg Config, instance string) (*token.Keyring, error) {
	keys, err := readKeys(cfg, time.Now())
	if err != nil {
		return nil, err
	}
	return token.New(token.Config{Instance: instance, Active: keys[0], Others: keys[1:]})
}

// readKeys gives the keys that are good at now, the one that signs first.
func readKeys(cfg Config, now time.Time) ([]token.Key, error) {
	if cfg.Token.Secret.IsSet() {
		return secretKeys(cfg.Token)
	}
	root, err := os.OpenRoot(cfg.Data)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	stored, _, err := keyfile.Open(root)
	if err != nil {
		return nil, err
	}
	active, others := keyfile.At(stored, now)
	var keys []token.Key
	for _, k := range append([]keyfile.Key{active}, others...) {
		key, err := token.NewEd25519Key(k.Private)
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	return keys, nil
}

func secretKeys(cfg TokenConfig) ([]token.Key, error) {
	var keys []token.Key
	for _, s := range []secret.Secret{cfg.Secret, cfg.SecretPrevious} {
		if !s.IsSet() {
			continue
		}
		key, err := token.NewSecretKey(s)
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// tokenSecret refuses a secret that can be guessed [SEC-12].
func tokenSecret(s string) error {
	_, err := token.NewSecretKey(secret.New(s))
	return err
}

// keysInterval is how often the running server looks whether other keys are
// good now.
const keysInterval = time.Second

// liveKeys keeps the keyring of the running server as the data directory, or
// the configuration, says [SEC-23]. It looks once a second, at SIGHUP, and when
// a command has said in the event log that the keys were changed; that one is
// confirmed only when the change is applied.
type liveKeys struct {
	ring   *token.Keyring
	cfg    Config
	reload func() (Config, error) // reads the configuration again
	gone   func()                 // called when a secret is not good any more
	log    *slog.Logger

	turn    chan struct{} // of one: whoever put it in may read and use keys, and the failure
	failure string        // the last one, to tell each only once
}

func newLiveKeys(ring *token.Keyring, cfg Config, reload func() (Config, error), gone func(), log *slog.Logger) *liveKeys {
	return &liveKeys{ring: ring, cfg: cfg, reload: reload, gone: gone, log: log, turn: make(chan struct{}, 1)}
}

// run looks once a second until ctx is done.
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

// look reads the keys of the data directory. Secrets of the configuration change
// at SIGHUP only: they are several, and the operator knows when all are there.
func (k *liveKeys) look() {
	if !k.cfg.Token.Secret.IsSet() {
		k.refresh(k.cfg)
	}
}

// commit applies a change of the keys before the events after it. It reads a
// small file in the store's goroutine: who waits for the confirmation may rely
// on it, and it happens once in months.
func (k *liveKeys) commit(events []session.Event) {
	if slices.ContainsFunc(events, func(e session.Event) bool {
		return e.Type == session.TokenKeysChanged || e.Type == session.LogLost
	}) {
		k.look()
	}
}

// hangup reads the keys again, the secrets of the configuration too. Where one of
// those is gone, sockets have to show that they do not live by it; keys of the data
// directory go with the sessions that they have signed for.
func (k *liveKeys) hangup() {
	before := k.ring.IDs()
	k.reread()
	if k.cfg.Token.Secret.IsSet() && !subset(before, k.ring.IDs()) {
		k.gone()
	}
}

// subset tells whether all of some are among others.
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

// refresh reads the keys and uses them when they are others. One reader at a
// time, so that none brings back what it had read before another's change.
func (k *liveKeys) refresh(cfg Config) {
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
