package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"

	"github.com/turnike/turnike/internal/app"
	"github.com/turnike/turnike/internal/auth"
	"github.com/turnike/turnike/internal/input"
	"github.com/turnike/turnike/internal/session"
	"github.com/turnike/turnike/internal/token"
)

// issueDevice is the device name of issued sessions.
const issueDevice = "session issue"

// issueTogether is how many sessions are opened at the same time, so that the store
// commits them together.
const issueTogether = 64

// sessionIssueCommand opens sessions without passwords.
type sessionIssueCommand struct {
	Names []string `arg:"" optional:"" name:"name" complete:"users" help:"The accounts."`
	All   bool     `help:"Every enabled account, including administrators."`
}

// issued is one line of the output.
type issued struct {
	Username string `json:"username"`
	Token    string `json:"token"`
}

// Run opens a session for each account and prints its token. As at a login, the limit
// on sessions per account decides what the session replaces [A3].
func (c *sessionIssueCommand) Run(ctx context.Context, inv *invocation) (err error) {
	if (len(c.Names) == 0) == !c.All {
		return usageError{"session issue: give names, or --all"}
	}
	w, err := inv.open(ctx)
	if err != nil {
		return err
	}
	defer w.close(&err)
	users, err := c.users(ctx, w)
	if err != nil {
		return err
	}
	issuer, err := w.issuer(ctx)
	if err != nil {
		return err
	}
	out := make([]issued, len(users))
	errs := make([]error, len(users))
	var group errgroup.Group
	group.SetLimit(issueTogether)
	for i, u := range users {
		group.Go(func() error {
			out[i], errs[i] = issuer.issue(ctx, u)
			return nil // continue with the other accounts
		})
	}
	failed := group.Wait()
	for i, line := range out {
		if errs[i] != nil {
			failed = cmp.Or(failed, errs[i])
			continue
		}
		// Print tokens even if others failed: they cannot be shown again.
		if err := printJSON(inv.stdout, line); err != nil {
			return err
		}
	}
	return cmp.Or(failed, w.settle(ctx))
}

// users returns all accounts, before the first session is opened.
func (c *sessionIssueCommand) users(ctx context.Context, w *workspace) ([]session.User, error) {
	if c.All {
		return w.enabled(ctx)
	}
	var users []session.User
	seen := map[string]bool{}
	for _, name := range c.Names {
		u, err := w.user(ctx, name)
		switch {
		case err != nil:
			return nil, err
		case u.Disabled:
			return nil, fmt.Errorf("%s is disabled; enable it first: turnike user enable %s", input.Quote(u.Name), u.Name)
		case seen[u.ID]:
			return nil, fmt.Errorf("%s is named twice; the second session would replace the first", input.Quote(u.Name))
		}
		seen[u.ID] = true
		users = append(users, u)
	}
	return users, nil
}

// enabled returns all accounts that can log in.
func (w *workspace) enabled(ctx context.Context) ([]session.User, error) {
	rows, err := w.store.Users(ctx)
	if err != nil {
		return nil, err
	}
	var users []session.User
	for _, row := range rows {
		if !row.Disabled {
			users = append(users, session.User{ID: row.ID, Name: row.Name, Role: row.Role})
		}
	}
	return users, nil
}

// issuer opens sessions and signs their tokens.
type issuer struct {
	core  *session.Core
	by    session.Actor
	keys  *token.Keyring
	pools map[session.PoolID]string // names by id
}

func (w *workspace) issuer(ctx context.Context) (*issuer, error) {
	if err := w.agrees("token.secret"); err != nil {
		return nil, err
	}
	keys, err := app.OpenKeyring(w.cfg, w.store.Instance())
	if err != nil {
		return nil, err
	}
	pools, err := w.store.Pools(ctx)
	if err != nil {
		return nil, err
	}
	i := &issuer{core: w.core, by: w.by, keys: keys, pools: map[session.PoolID]string{}}
	for _, p := range pools {
		i.pools[p.ID] = p.Name
	}
	return i, nil
}

// issue opens one session and signs its token.
func (i *issuer) issue(ctx context.Context, u session.User) (issued, error) {
	s, err := i.core.Login(ctx, i.by, session.Login{User: u.ID, Device: issueDevice, Issued: true})
	full, isFull := errors.AsType[*session.SeatError](err)
	switch {
	case isFull:
		return issued{}, fmt.Errorf("%s: pool %s is full, %d of %d", input.Quote(u.Name), full.Pool, full.Used, full.Max)
	case errors.Is(err, session.ErrInvalidCredentials):
		return issued{}, fmt.Errorf("%s was disabled or deleted", input.Quote(u.Name))
	case err != nil:
		return issued{}, fmt.Errorf("%s: %w", input.Quote(u.Name), err)
	}
	raw, err := i.keys.Sign(auth.NewClaims(s, u, i.pools[s.Pool], i.core.Wall))
	if err != nil {
		return issued{}, fmt.Errorf("%s: %w", input.Quote(u.Name), err)
	}
	return issued{Username: u.Name, Token: raw}, nil
}
