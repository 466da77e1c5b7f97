package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/turnike/turnike/internal/config"
	"github.com/turnike/turnike/internal/input"
	"github.com/turnike/turnike/internal/session"
	"github.com/turnike/turnike/internal/token"
	"github.com/turnike/turnike/internal/token/keyfile"
	"github.com/turnike/turnike/internal/wire"
)

// tokenRotateCommand changes the key that signs tokens [SEC-23].
type tokenRotateCommand struct {
	Ahead  string `default:"5m" placeholder:"TIME" help:"How long to publish the new key before it signs; caches may keep the published keys for 5m."`
	Revoke bool   `help:"Emergency: remove the old keys. All tokens become invalid and all sessions end at once."`
}

// maxAhead bounds how long a key may be published before it signs.
const maxAhead = 24 * time.Hour

// endTogether is for how many users sessions are ended at the same time.
const endTogether = 256

// Run creates the key and returns when the running server uses it.
func (c *tokenRotateCommand) Run(ctx context.Context, inv *invocation) (err error) {
	ahead, err := config.ParseDuration(c.Ahead)
	if err == nil && (ahead < 0 || ahead > maxAhead) {
		err = fmt.Errorf("%s is not from 0 to %s", input.Quote(c.Ahead), config.FormatDuration(maxAhead))
	}
	if err != nil {
		return fmt.Errorf("--ahead: %w", err)
	}
	w, err := inv.open(ctx)
	if err != nil {
		return err
	}
	defer w.close(&err)
	if err := w.agrees("token.secret"); err != nil {
		return err
	}
	if w.cfg.Token.Secret.IsSet() {
		return errors.New("token.secret signs the tokens, not a key of the server's: give it a new value, the old one as token.secret_previous (or nowhere, to revoke it), and restart")
	}
	root, err := os.OpenRoot(w.cfg.Data)
	if err != nil {
		return err
	}
	defer root.Close()
	if c.Revoke {
		return w.revokeKeys(ctx, inv, root)
	}
	return w.rotateKeys(ctx, inv, root, ahead)
}

// rotateKeys adds a key. The old keys continue to verify.
func (w *workspace) rotateKeys(ctx context.Context, inv *invocation, root *os.Root, ahead time.Duration) error {
	keep, err := w.longestLife(ctx)
	if err != nil {
		return err
	}
	made, err := keyfile.Rotate(root, ahead, keep)
	if pending, ok := errors.AsType[*keyfile.PendingError](err); ok {
		return fmt.Errorf("%w; rotate again after that, or revoke all keys with --revoke", pending)
	}
	if err != nil {
		return err
	}
	if err := errors.Join(w.core.NoteKeys(ctx, w.by, "rotated"), w.settle(ctx)); err != nil {
		return err
	}
	id, err := keyID(made)
	if err != nil {
		return err
	}
	return inv.say("token key %s signs from %s; the one before it verifies until %s", id, wire.Timestamp(made.From), wire.Timestamp(made.From.Add(keep)))
}

// longestLife returns how long a token signed until now may live: the configured
// lifetime, or the longest one among the live sessions.
func (w *workspace) longestLife(ctx context.Context) (time.Duration, error) {
	sessions, err := w.store.Sessions(ctx)
	longest := w.cfg.Token.Lifetime
	for _, s := range sessions {
		longest = max(longest, s.Expires.Sub(s.Since))
	}
	return longest, err
}

// revokeKeys replaces all keys with a new one and ends every session. The keys go
// first, so that a session opened after the list was read is signed with the new key.
func (w *workspace) revokeKeys(ctx context.Context, inv *invocation, root *os.Root) error {
	made, err := keyfile.Revoke(root)
	if err != nil {
		return err
	}
	id, err := keyID(made)
	if err != nil {
		return err
	}
	err = errors.Join(w.core.NoteKeys(ctx, w.by, "revoked"), w.settle(ctx))
	if err != nil && !errors.Is(err, errNotConfirmed) {
		return err
	}
	n, err := w.endAll(ctx, "token keys revoked")
	if err != nil {
		return err
	}
	if err := w.settle(ctx); err != nil {
		return err
	}
	return inv.say("token key %s signs; no older token is good, %s ended", id, count(n, "session"))
}

// endAll ends every live session.
func (w *workspace) endAll(ctx context.Context, reason string) (int, error) {
	ids, err := w.liveUsers(ctx)
	if err != nil {
		return 0, err
	}
	counts := make([]int, len(ids))
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(endTogether)
	for i, id := range ids {
		group.Go(func() (err error) {
			counts[i], err = w.core.End(groupCtx, w.by, session.Ending{User: id, Code: session.EndedByAdmin, Reason: reason})
			return err
		})
	}
	err = group.Wait()
	total := 0
	for _, n := range counts {
		total += n
	}
	return total, err
}

// liveUsers returns the ids of the users that have a live session.
func (w *workspace) liveUsers(ctx context.Context) ([]string, error) {
	sessions, err := w.store.Sessions(ctx)
	if err != nil {
		return nil, err
	}
	live := map[string]bool{}
	for _, s := range sessions {
		live[s.Username] = true
	}
	users, err := w.store.Users(ctx)
	var ids []string
	for _, u := range users {
		if live[u.Name] {
			ids = append(ids, u.ID)
		}
	}
	return ids, err
}

func keyID(k keyfile.Key) (string, error) {
	key, err := token.NewEd25519Key(k.Private)
	return key.ID(), err
}
