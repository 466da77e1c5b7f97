package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"

	"golang.org/x/sync/errgroup"

	"github.com/turnike/turnike/internal/account"
	"github.com/turnike/turnike/internal/session"
	"github.com/turnike/turnike/internal/sqlstore"
)

// userImportCommand adds the accounts of a file, all or none.
type userImportCommand struct {
	File string `arg:"" help:"JSON lines {username, password or password_hash, role, pool}; - is stdin."`
}

// Run reads and checks the whole file, hashes, and adds all in one transaction.
func (c *userImportCommand) Run(ctx context.Context, a *app) (err error) {
	lines, err := c.lines(a.stdin)
	if err != nil {
		return err
	}
	w, err := a.openOrCreate(ctx)
	if err != nil {
		return err
	}
	defer w.close(&err)
	if err := w.agrees("password.pepper"); err != nil {
		return err
	}
	// As many hashes at once as there are cores: nobody waits for a login here.
	hasher, err := account.NewHasher(account.HasherConfig{
		Parameters: w.cfg.Password.parameters(), Pepper: w.cfg.Password.Pepper, Slots: runtime.GOMAXPROCS(0)})
	if err != nil {
		return err
	}
	if err := w.checkImport(ctx, hasher, lines); err != nil {
		return err
	}
	users, err := hashImport(ctx, hasher, lines)
	if err != nil {
		return err
	}
	if err := w.store.CreateUsers(ctx, users); err != nil {
		return explainAccount(err)
	}
	return a.say("%s imported", count(len(users), "account"))
}

func (c *userImportCommand) lines(stdin io.Reader) (lines []importLine, err error) {
	if c.File == "-" {
		return parseImport(stdin)
	}
	f, err := os.Open(c.File)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return parseImport(f)
}

// checkImport refuses what the store would refuse, with the line's number, and
// hashes that no login could ever be checked against.
func (w *workspace) checkImport(ctx context.Context, hasher *account.Hasher, lines []importLine) error {
	pools, err := w.store.Pools(ctx)
	if err != nil {
		return err
	}
	known := map[string]bool{}
	for _, p := range pools {
		known[p.Name] = true
	}
	for _, l := range lines {
		_, err := w.store.UserByName(ctx, l.username)
		switch {
		case err == nil:
			return l.wrong("there is a user %s already", clip(l.username))
		case !errors.Is(err, session.ErrNoUser):
			return err
		case !known[l.pool]:
			return l.wrong("there is no pool %s", clip(l.pool))
		}
		if l.hash != "" {
			if err := hasher.Check(l.hash); err != nil {
				return l.wrong("password_hash: %w", err)
			}
		}
	}
	return nil
}

// hashImport hashes the plain passwords on all cores.
func hashImport(ctx context.Context, hasher *account.Hasher, lines []importLine) ([]sqlstore.NewUser, error) {
	users := make([]sqlstore.NewUser, len(lines))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, l := range lines {
		group.Go(func() (err error) {
			hash := l.hash
			if hash == "" {
				if hash, err = hasher.Hash(ctx, l.password.Reveal()); err != nil {
					return fmt.Errorf("line %d: %w", l.number, err)
				}
			}
			users[i] = sqlstore.NewUser{Name: l.username, Role: l.role, Pool: l.pool, PasswordHash: hash}
			return nil
		})
	}
	return users, group.Wait()
}
