package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/turnike/turnike/internal/account"
	"github.com/turnike/turnike/internal/session"
	"github.com/turnike/turnike/internal/store"
)

// userImportCommand imports accounts, all or nothing.
type userImportCommand struct {
	File   string `arg:"" optional:"" help:"JSON Lines {username, password or password_hash, role, pool}, or CSV with a header of these names; - is stdin."`
	Format string `enum:"auto,jsonl,csv" default:"auto" placeholder:"FORMAT" help:"jsonl or csv; by default the first character decides."`
	SQLite string `name:"sqlite" placeholder:"FILE" help:"Read the accounts from an application's SQLite database instead."`
	Query  string `placeholder:"SELECT" help:"With --sqlite: a query whose columns are named username, password_hash (or password), role and pool."`
}

// Run reads and checks all accounts, hashes their passwords, and adds the accounts in
// one transaction. It reports all mistakes at once.
func (c *userImportCommand) Run(ctx context.Context, inv *invocation) (err error) {
	if (c.File == "") == (c.SQLite == "") || (c.SQLite == "") != (c.Query == "") {
		return usageError{"user import: give a file, or --sqlite FILE --query SELECT"}
	}
	w, err := inv.openOrCreate(ctx)
	if err != nil {
		return err
	}
	defer w.close(&err)
	if err := w.agrees("password.pepper"); err != nil {
		return err
	}
	// Hash on all cores: unlike in the server, no login waits for a core here.
	hasher, err := account.NewHasher(account.HasherConfig{
		Parameters: w.cfg.Password.Parameters(), Pepper: w.cfg.Password.Pepper, Slots: runtime.GOMAXPROCS(0)})
	if err != nil {
		return err
	}
	check, err := w.importCheck(ctx, hasher)
	if err != nil {
		return err
	}
	if err := c.read(ctx, inv, check); err != nil {
		return err
	}
	if err := check.refusal(inv.stderr); err != nil {
		return err
	}
	users, err := hashImport(ctx, inv, hasher, check.accounts)
	if err != nil {
		return err
	}
	if err := w.store.ImportUsers(ctx, w.by, users); err != nil {
		return explainAccount(err)
	}
	return inv.say("%s imported", count(len(users), "account"))
}

// read passes every account of the source to the check.
func (c *userImportCommand) read(ctx context.Context, inv *invocation, check *importCheck) error {
	if c.SQLite != "" {
		return readSQLite(ctx, c.SQLite, c.Query, check)
	}
	if c.File == "-" {
		return readImport(inv.stdin, c.Format, check)
	}
	f, err := os.Open(c.File)
	if err != nil {
		return err
	}
	defer f.Close()
	return readImport(f, c.Format, check)
}

// importCheck returns a check that knows the existing pools and accounts.
func (w *workspace) importCheck(ctx context.Context, hasher *account.Hasher) (*importCheck, error) {
	policy, err := account.NewPolicy(w.cfg.Password.MinLength)
	if err != nil {
		return nil, err
	}
	pools, err := w.store.Pools(ctx)
	if err != nil {
		return nil, err
	}
	c := &importCheck{policy: policy, hasher: hasher, pools: map[string]bool{}, first: map[string]string{}}
	for _, p := range pools {
		c.pools[p.Name] = true
	}
	c.exists = func(name string) (bool, error) {
		_, err := w.store.UserByName(ctx, name)
		if errors.Is(err, session.ErrNoUser) {
			return false, nil
		}
		return err == nil, err
	}
	return c, nil
}

// hashImport hashes the plain passwords on all cores. On a terminal it shows its
// progress.
func hashImport(ctx context.Context, inv *invocation, hasher *account.Hasher, accounts []importAccount) ([]store.NewUser, error) {
	users := make([]store.NewUser, len(accounts))
	bar := newProgress(inv.stderr, "hashing passwords", len(accounts))
	defer bar.end()
	var done atomic.Int64
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, l := range accounts {
		group.Go(func() (err error) {
			hash := l.hash
			if hash == "" {
				if hash, err = hasher.Hash(ctx, l.password.Reveal()); err != nil {
					return fmt.Errorf("%s: %w", l.where, err)
				}
			}
			users[i] = store.NewUser{Name: l.username, Role: l.role, Pool: l.pool, PasswordHash: hash}
			bar.show(int(done.Add(1)))
			return nil
		})
	}
	return users, group.Wait()
}
