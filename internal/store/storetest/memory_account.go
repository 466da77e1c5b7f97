package storetest

import (
	"cmp"
	"context"
	"crypto/rand"
	"maps"
	"slices"
	"time"

	"github.com/turnike/turnike/internal/account"
	"github.com/turnike/turnike/internal/session"
	"github.com/turnike/turnike/internal/store"
)

// CreateUsers implements store.Accounts.
func (m *Memory) CreateUsers(_ context.Context, by session.Actor, users []store.NewUser) error {
	return m.createUsers(by, users, "")
}

// ImportUsers implements store.Accounts.
func (m *Memory) ImportUsers(_ context.Context, by session.Actor, users []store.NewUser) error {
	return m.createUsers(by, users, session.ReasonImport)
}

func (m *Memory) createUsers(by session.Actor, users []store.NewUser, reason string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	made := make([]session.User, len(users))
	names := make(map[string]bool)
	for i, u := range users {
		p, err := m.poolByName(cmp.Or(u.Pool, store.DefaultPool))
		if err != nil {
			return err
		}
		canonical := account.Canonical(u.Name)
		if names[canonical] || m.find(u.Name) != "" {
			return &store.UserExistsError{Name: u.Name}
		}
		names[canonical] = true
		made[i] = session.User{ID: rand.Text(), Name: u.Name, Role: u.Role, Pool: p.ID, CredVersion: 1, PasswordHash: u.PasswordHash}
	}
	now := m.Now()
	var events []session.Event
	for _, u := range made {
		m.users[u.ID], m.created[u.ID] = u, now
		events = append(events, m.number(u.Pool, session.Event{Type: session.UserCreated, By: by, Reason: reason,
			User: u.ID, Username: u.Name, At: now}))
	}
	if reason == session.ReasonImport {
		events = append(events, m.number(session.SystemPool, session.Event{Type: session.UsersImported, By: by, Count: len(made), At: now}))
	}
	m.log(events)
	return nil
}

// UserByName implements store.Accounts.
func (m *Memory) UserByName(_ context.Context, name string) (session.User, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if id := m.find(name); id != "" {
		return m.users[id], nil
	}
	return session.User{}, session.ErrNoUser
}

// Rehash implements store.Accounts.
func (m *Memory) Rehash(_ context.Context, user, old, hash string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if u, ok := m.users[user]; ok && u.PasswordHash == old {
		u.PasswordHash = hash
		m.users[user] = u
	}
	return nil
}

// Users implements store.Overview.
func (m *Memory) Users(context.Context) ([]store.UserRow, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var rows []store.UserRow
	for _, u := range m.users {
		if !u.Deleted {
			rows = append(rows, store.UserRow{ID: u.ID, Name: u.Name, Role: u.Role, Pool: m.pools[u.Pool].Name,
				Disabled: u.Disabled, Created: m.created[u.ID]})
		}
	}
	slices.SortFunc(rows, func(a, b store.UserRow) int { return cmp.Compare(account.Canonical(a.Name), account.Canonical(b.Name)) })
	return rows, nil
}

// Sessions implements store.Overview.
func (m *Memory) Sessions(context.Context) ([]store.SessionRow, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var rows []store.SessionRow
	for _, s := range m.live(m.Now()) {
		u := m.users[s.User]
		row := store.SessionRow{ID: s.ID, Username: u.Name, Role: u.Role, Pool: m.pools[s.Pool].Name, Device: s.Device, Address: s.Address,
			Since: s.Created, LastActive: s.LastActive, Expires: s.Expires,
			Connected: slices.ContainsFunc(m.conns, func(c session.Connection) bool { return c.Session == s.ID })}
		if seat, ok := m.seats[s.User]; ok && seat.Session == s.ID {
			row.Seat = seat.State
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// live returns the live sessions by user name, then age.
func (m *Memory) live(now time.Time) []*memorySession {
	all := slices.Collect(maps.Values(m.sessions))
	all = slices.DeleteFunc(all, func(s *memorySession) bool { return !s.Live(now) })
	slices.SortFunc(all, func(a, b *memorySession) int {
		return cmp.Or(cmp.Compare(account.Canonical(m.users[a.User].Name), account.Canonical(m.users[b.User].Name)), cmp.Compare(a.no, b.no))
	})
	return all
}
