package sqlite

import (
	"context"
	"crypto/rand"

	"github.com/turnike/turnike/internal/account"
	"github.com/turnike/turnike/internal/session"
	"github.com/turnike/turnike/internal/store"
)

// CreateUsers implements store.Accounts.
func (s *Store) CreateUsers(ctx context.Context, by session.Actor, users []store.NewUser) error {
	return s.createUsers(ctx, by, users, "")
}

// ImportUsers implements store.Accounts.
func (s *Store) ImportUsers(ctx context.Context, by session.Actor, users []store.NewUser) error {
	return s.createUsers(ctx, by, users, session.ReasonImport)
}

func (s *Store) createUsers(ctx context.Context, by session.Actor, users []store.NewUser, reason string) error {
	if len(users) == 0 {
		return nil
	}
	type prepared struct {
		store.NewUser
		id, canonical string
	}
	all := make([]prepared, len(users)) // prepared before the transaction
	for i, u := range users {
		if u.Pool == "" {
			u.Pool = store.DefaultPool
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
				return &store.UserExistsError{Name: u.Name}
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

// UserByName implements store.Accounts.
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

// Rehash implements store.Accounts.
func (s *Store) Rehash(ctx context.Context, user, old, hash string) error {
	return s.write(ctx, func(t *tx) error {
		t.mirror.forget(user)
		_, err := t.exec(`UPDATE users SET password_hash = ? WHERE id = ? AND password_hash = ?`, hash, user, old)
		return err
	})
}
