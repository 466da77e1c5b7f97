package app

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/turnike/turnike/internal/account"
	"github.com/turnike/turnike/internal/config"
	"github.com/turnike/turnike/internal/secret/secretfile"
	"github.com/turnike/turnike/internal/session"
	"github.com/turnike/turnike/internal/store"
)

// metaMode is the key in the store that says whether the data directory was started
// with --dev.
const metaMode = "mode"

// demoFile holds the passwords of the demo accounts, which every start with --dev
// prints.
const demoFile = "demo-accounts.json"

// newAccount is an account whose password the greeting prints.
type newAccount struct{ name, password string }

// startStore is what the first start needs of the store.
type startStore interface {
	Meta(ctx context.Context, key string) (string, error)
	SetMeta(ctx context.Context, key, value string) error
	Users(ctx context.Context) ([]store.UserRow, error)
	CreateUsers(ctx context.Context, by session.Actor, users []store.NewUser) error
}

// firstStart creates the first accounts of a new data directory [SEC-12] and refuses
// to mix demo and real accounts. It returns the accounts whose passwords must be
// printed.
func firstStart(ctx context.Context, in startStore, hasher *account.Hasher, cfg config.Config, opts Options) ([]newAccount, error) {
	mode, err := in.Meta(ctx, metaMode)
	if err != nil {
		return nil, err
	}
	users, err := in.Users(ctx)
	if err != nil {
		return nil, err
	}
	want := "real"
	if opts.Dev {
		want = "dev"
	}
	switch {
	case mode == "" && opts.Dev && len(users) > 0:
		return nil, fmt.Errorf("--dev needs a data directory of its own: %s has real accounts; name another one with --data", cfg.Data)
	case mode != "" && mode != want && opts.Dev:
		return nil, fmt.Errorf("--dev needs a data directory of its own: %s was started without it; name another one with --data", cfg.Data)
	case mode != "" && mode != want:
		return nil, fmt.Errorf("%s has demo accounts: start it with --dev, or name another data directory with --data", cfg.Data)
	}
	var made []newAccount
	if opts.Dev {
		if mode == "" { // before the accounts, which would otherwise count as real
			if err := in.SetMeta(ctx, metaMode, want); err != nil {
				return nil, err
			}
		}
		made, err = demoAccounts(ctx, in, hasher, cfg.Data, users)
	} else {
		made, err = firstAdmin(ctx, in, hasher, cfg, opts, users)
	}
	if err != nil || mode == want || opts.Dev {
		return made, err
	}
	return made, in.SetMeta(ctx, metaMode, want)
}

// firstAdmin creates the account admin if there is no administrator yet, with the
// operator's password or with a random one that is printed only once.
func firstAdmin(ctx context.Context, in startStore, hasher *account.Hasher, cfg config.Config, opts Options,
	users []store.UserRow) ([]newAccount, error) {
	for _, u := range users {
		if u.Role == account.RoleAdmin || account.Canonical(u.Name) == "admin" {
			return nil, nil
		}
	}
	password, printed := rand.Text(), true
	if file := opts.BootstrapPasswordFile; file != "" {
		s, _, err := secretfile.Load(file) // Serve has checked its permissions
		if err != nil {
			return nil, fmt.Errorf("%s: %w", config.EnvBootstrapPassword, err)
		}
		policy, err := account.NewPolicy(cfg.Password.MinLength)
		if err != nil {
			return nil, err
		}
		if err := policy.Check(s.Reveal(), "admin"); err != nil {
			return nil, fmt.Errorf("%s: %w", config.EnvBootstrapPassword, err)
		}
		password, printed = s.Reveal(), false
	}
	admin := []newAccount{{"admin", password}}
	if err := createAccounts(ctx, in, hasher, admin); err != nil || !printed {
		return nil, err
	}
	return admin, nil
}

// demoAccounts creates the demo accounts at the first start with --dev, and reads
// their passwords at later starts.
func demoAccounts(ctx context.Context, in startStore, hasher *account.Hasher, data string, users []store.UserRow) ([]newAccount, error) {
	file := filepath.Join(data, demoFile)
	passwords := make(map[string]string)
	raw, err := os.ReadFile(file)
	switch {
	case err == nil:
		err = json.Unmarshal(raw, &passwords)
	case errors.Is(err, fs.ErrNotExist) && len(users) == 0:
		for _, name := range demoNames() {
			passwords[name] = strings.ToLower(rand.Text()[:16])
		}
		if raw, err = json.Marshal(passwords); err == nil {
			err = os.WriteFile(file, raw, 0o600)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("the demo accounts' passwords: %w", err)
	}
	var all []newAccount
	for _, name := range demoNames() {
		all = append(all, newAccount{name, passwords[name]})
	}
	if len(users) == 0 {
		return all, createAccounts(ctx, in, hasher, all)
	}
	return all, nil
}

func demoNames() []string { return []string{"demo1", "demo2", "demo3", "demo4", "admin"} }

// createAccounts creates accounts in the default pool. The account admin becomes an
// administrator.
func createAccounts(ctx context.Context, in startStore, hasher *account.Hasher, accounts []newAccount) error {
	var rows []store.NewUser
	for _, a := range accounts {
		hash, err := hasher.Hash(ctx, a.password)
		if err != nil {
			return err
		}
		role := account.RoleUser
		if a.name == "admin" {
			role = account.RoleAdmin
		}
		rows = append(rows, store.NewUser{Name: a.name, Role: role, PasswordHash: hash})
	}
	return in.CreateUsers(ctx, session.BySystem(), rows)
}
