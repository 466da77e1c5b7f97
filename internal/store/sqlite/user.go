package sqlite

import (
	"context"
	"crypto/rand"
	"fmt"

	"github.com/turnike/turnike/internal/account"
	"github.com/turnike/turnike/internal/session"
)

// NewUser is an account to be made. The caller has checked its name.
type NewUser struct {
	Name         string
	Role         account.Role
	Pool         string // name; "" is [DefaultPool]
	PasswordHash string // PHC string
}

// UserExistsError says that an account has that name already, or one that
// differs from it in nothing that counts [SEC-06].
type UserExistsError struct{ Name string }

func (e *UserExistsError) Error() string { return fmt.Sprintf("user %q exists already", e.Name) }
func (*UserExistsError) refusal()        {}

// CreateUsers makes accounts, all of them or none. Errors: *UserExistsError, and
// ErrNoPool with the pool's name.
func (s *Store) CreateUsers(ctx context.Context, by session.Actor, users []NewUser) error {
	return s.createUsers(ctx, by, users, "")
}

// ImportUsers is CreateUsers for an import: its events say so, and one more, of
// the system's pool, counts the accounts.
func (s *Store) ImportUsers(ctx context.Context, by session.Actor, users []NewUser) error {
	return s.createUsers(ctx, by, users, session.ReasonImport)
}

func (s *Store) createUsers(ctx context.Context, by session.Actor, users []NewUser, reason string) error {
	if len(users) == 0 {
		return nil
	}
	type prepared struct {
		NewUser
		id, canonical string
	}
	all := make([]prepared, len(users)) // outside of the transaction
	for i, u := range users {
		if u.Pool == "" {
			u.Pool = DefaultPool
		}
		all[i] = prepared{NewUser: u, id: rand.Text(), canonical: account.Canonical(u.Name)}
	}
	return s.write(ctx, func(t *tx) error {
		pools := make(map[string]session.PoolID)
		now := t.now()
		for _, u := range all {
			id, ok := pools[u.Pool]
			if !ok {
				p, err := poolByName(t.conn, u.Pool)
				if err != nil {
					return err
				}
				id, pools[u.Pool] = p.ID, p.ID
			}
			n, err := t.exec(`INSERT INTO users (id, name, canonical, role, pool_id, password_hash, created_at)
				VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (canonical) DO NOTHING`,
				u.id, u.Name, u.canonical, string(u.Role), int64(id), u.PasswordHash, now)
			if err != nil {
				return err
			}
			if n == 0 {
				return &UserExistsError{Name: u.Name}
			}
			if err := t.emit(id, session.Event{Type: session.UserCreated, By: by, Reason: reason, User: u.id, Username: u.Name, At: now}); err != nil {
				return err
			}
		}
		if reason != session.ReasonImport {
			return nil
		}
		return t.emit(session.SystemPool, session.Event{Type: session.UsersImported, By: by, Count: len(all), At: now})
	})
}

// UserByName returns the account of that name, however it is written. A deleted
// one is not found. Error: ErrNoUser.
func (s *Store) UserByName(ctx context.Context, name string) (session.User, error) {
	var u session.User
	found := false
	err := s.read(ctx, func(c *conn) error {
		err := c.query(`SELECT `+userColumns+` FROM users u WHERE u.canonical = ?`, func(r row) error {
			u, found = scanUser(r, 0), true
			return nil
		}, account.Canonical(name))
		if err == nil && !found {
			err = session.ErrNoUser
		}
		return err
	})
	return u, err
}

// Rehash stores a password's hash made anew with present parameters [SEC-01],
// unless the password has been changed since old was read. Nothing ends by it:
// the password is the same.
func (s *Store) Rehash(ctx context.Context, user, old, hash string) error {
	return s.write(ctx, func(t *tx) error {
		t.mirror.forget(user)
		_, err := t.exec(`UPDATE users SET password_hash = ? WHERE id = ? AND password_hash = ?`, hash, user, old)
		return err
	})
}
