package storetest

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/turnike/turnike/internal/session"
	"github.com/turnike/turnike/internal/store"
)

// sorted returns the pools by id.
func (m *Memory) sorted() []session.Pool {
	return slices.SortedFunc(maps.Values(m.pools), func(a, b session.Pool) int { return cmp.Compare(a.ID, b.ID) })
}

// usable reports whether accounts may be in the pool: it is neither the
// system's nor deleted.
func usable(p session.Pool) bool { return p.Name != "" && !strings.HasPrefix(p.Name, "#") }

// Pools implements store.Pools.
func (m *Memory) Pools(context.Context) ([]session.Pool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.DeleteFunc(m.sorted(), func(p session.Pool) bool { return !usable(p) }), nil
}

// PoolByName implements store.Pools.
func (m *Memory) PoolByName(_ context.Context, name string) (session.Pool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.poolByName(name)
}

func (m *Memory) poolByName(name string) (session.Pool, error) {
	for _, p := range m.pools {
		if p.Name == name && usable(p) {
			return p, nil
		}
	}
	return session.Pool{}, fmt.Errorf("%w: %q", session.ErrNoPool, name)
}

// CreatePool implements store.Pools.
func (m *Memory) CreatePool(_ context.Context, by session.Actor, name string, limit int) (session.Pool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, err := m.poolByName(name); err == nil {
		return session.Pool{}, &store.PoolExistsError{Name: name}
	}
	all := m.sorted()
	id := all[len(all)-1].ID + 1
	m.pools[id] = session.Pool{ID: id, Name: name, Limit: limit, LimitSet: true}
	m.log([]session.Event{m.number(id, session.Event{Type: session.PoolChanged, By: by, At: m.Now()})})
	return m.pools[id], nil
}

// DeletePool implements store.Pools.
func (m *Memory) DeletePool(_ context.Context, by session.Actor, name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	p, err := m.poolByName(name)
	if err != nil {
		return err
	}
	users := 0
	for _, u := range m.users {
		if u.Pool == p.ID && !u.Deleted {
			users++
		}
	}
	if users > 0 {
		return &store.PoolInUseError{Name: name, Users: users}
	}
	p.Name = fmt.Sprintf("#%d", p.ID)
	m.pools[p.ID] = p
	m.log([]session.Event{m.number(p.ID, session.Event{Type: session.PoolDeleted, By: by, Reason: name, At: m.Now()})})
	return nil
}

// Occupancy implements store.Overview.
func (m *Memory) Occupancy(ctx context.Context) (store.Occupancy, error) {
	pools, err := m.Pools(ctx)
	m.mu.Lock()
	defer m.mu.Unlock()
	return store.Occupancy{Pools: pools, Sessions: len(m.live(m.Now()))}, err
}

// Snapshot implements store.Overview.
func (m *Memory) Snapshot(_ context.Context, pool session.PoolID) (session.Pool, []store.Entry, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	p, ok := m.pools[pool]
	if !ok {
		return p, nil, session.ErrNoPool
	}
	var entries []store.Entry
	for user, s := range m.seats {
		if s.Pool != pool {
			continue
		}
		e := store.Entry{User: user, Name: m.users[user].Name, State: s.State, Since: s.Since, Changed: s.Changed}
		for _, c := range m.conns {
			if c.User == user {
				e.Connections++
			}
		}
		entries = append(entries, e)
	}
	return p, entries, nil
}
