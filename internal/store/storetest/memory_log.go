package storetest

import (
	"context"

	"github.com/turnike/turnike/internal/session"
	"github.com/turnike/turnike/internal/store"
)

// Heads implements store.EventLog.
func (m *Memory) Heads(context.Context) ([]session.Pool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.sorted(), nil
}

// EventsAfter implements store.EventLog.
func (m *Memory) EventsAfter(_ context.Context, pool session.PoolID, after int64, n int) ([]session.Event, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []session.Event
	for _, e := range m.events {
		if e.Pool == pool && e.LogSeq > after && len(out) < n {
			out = append(out, e)
		}
	}
	return out, nil
}

// LogEvents implements store.EventLog.
func (m *Memory) LogEvents(_ context.Context, events []session.Event) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, e := range events {
		if _, ok := m.pools[e.Pool]; !ok {
			return session.ErrNoPool
		}
	}
	var numbered []session.Event
	for _, e := range events {
		if e.At.IsZero() {
			e.At = m.Now()
		}
		numbered = append(numbered, m.number(e.Pool, e))
	}
	m.log(numbered)
	return nil
}

// Meta implements store.Notes.
func (m *Memory) Meta(_ context.Context, key string) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.notes[key], nil
}

// SetMeta implements store.Notes.
func (m *Memory) SetMeta(_ context.Context, key, value string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.notes[key] = value
	return nil
}

// Instance implements store.Notes.
func (m *Memory) Instance() string { return m.instance }

// Ping implements store.Health.
func (m *Memory) Ping(context.Context) error { return nil }

// Ready implements store.Health.
func (m *Memory) Ready(context.Context) error { return nil }

// Stats implements store.Health.
func (m *Memory) Stats() store.Stats {
	m.mu.Lock()
	defer m.mu.Unlock()
	return store.Stats{Breaches: m.breaches}
}
