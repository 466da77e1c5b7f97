package storetest

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/turnike/turnike/internal/account"
	"github.com/turnike/turnike/internal/session"
)

// Memory is a [Store] in memory. A mutex makes its transactions atomic.
type Memory struct {
	clock    session.Clock
	mu       sync.Mutex // guards everything below; listen is called under it, which tests allow
	pools    map[session.PoolID]session.Pool
	users    map[string]session.User
	sessions map[string]*memorySession
	conns    []session.Connection // oldest first
	seats    map[string]session.Seat
	sharing  map[string]session.Sharing
	devices  []session.Device // the newest at the end
	events   []session.Event
	pos      session.Pos // of the newest commit
	epoch    string
	draining time.Time // since then; zero if not draining
	made     int64
	created  map[string]time.Time // accounts, by user id
	notes    map[string]string
	instance string
	breaches int64 // changes refused because they broke an invariant
	listen   func([]session.Event)
}

type memorySession struct {
	session.Session
	no int64
}

// NewMemory returns a store with the system's pool and [Pool].
func NewMemory() *Memory {
	return &Memory{
		clock: session.NewClock(),
		pools: map[session.PoolID]session.Pool{
			session.SystemPool: {},
			Pool:               {ID: Pool, Name: "default", Limit: 3},
		},
		users:    make(map[string]session.User),
		sessions: make(map[string]*memorySession),
		seats:    make(map[string]session.Seat),
		sharing:  make(map[string]session.Sharing),
		created:  make(map[string]time.Time),
		notes:    make(map[string]string),
		instance: rand.Text(),
	}
}

var _ Store = (*Memory)(nil)

// AddPool adds a pool.
func (m *Memory) AddPool(p session.Pool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.pools[p.ID] = p
}

// AddUser is [AddUser] on this store.
func (m *Memory) AddUser(ctx context.Context, name string, role account.Role, pool session.PoolID) (string, error) {
	return AddUser(ctx, m, name, role, pool)
}

// find returns the id of the account with that name, "" if there is none.
func (m *Memory) find(name string) string {
	for _, u := range m.users {
		if !u.Deleted && account.Canonical(u.Name) == account.Canonical(name) {
			return u.ID
		}
	}
	return ""
}

// number gives an event that no rule decides its place in the log of a pool.
func (m *Memory) number(pool session.PoolID, e session.Event) session.Event {
	if e.By.Kind == "" {
		e.By = session.BySystem()
	}
	p := m.pools[pool]
	p.LogSeq++
	m.pools[pool] = p
	e.Pool, e.LogSeq, e.PresenceSeq = pool, p.LogSeq, p.PresenceSeq
	e.Limit, e.Held, e.Grace, e.Offered = p.Limit, p.Held, p.Grace, p.Offered
	return e
}

// log takes the events of a commit, which share its position.
func (m *Memory) log(events []session.Event) {
	m.pos++
	for i := range events {
		events[i].Pos = m.pos
	}
	m.events = append(m.events, events...)
	if m.listen != nil && len(events) > 0 {
		m.listen(slices.Clone(events))
	}
}

// Now implements session.Store.
func (m *Memory) Now() time.Time { return m.clock.Now() }

// Shift implements session.Store. This clock is never stepped.
func (m *Memory) Shift() time.Duration { return 0 }

// Update implements session.Store.
func (m *Memory) Update(_ context.Context, user string, decide func(session.State, time.Time) session.Change) (session.Pos, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	st, err := m.load(user)
	if err != nil {
		return 0, err
	}
	ch, err := m.guarded(st, func() session.Change { return decide(st, m.Now()) })
	if err == nil && ch.User != nil && ch.User.Pool != st.User.Pool && !usable(m.pools[ch.User.Pool]) {
		err = session.ErrNoPool
	}
	if err != nil || ch.Empty() {
		return 0, err
	}
	m.apply(ch)
	if ch.Sharing != nil {
		m.sharing[user] = *ch.Sharing
	}
	return m.pos, nil
}

// UpdatePool implements session.Store.
func (m *Memory) UpdatePool(_ context.Context, pool session.PoolID, decide func(session.Pool, time.Time) session.Change) (session.Pos, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	p, ok := m.pools[pool]
	if !ok {
		return 0, session.ErrNoPool
	}
	ch, err := m.guarded(session.State{Pool: p}, func() session.Change { return decide(p, m.Now()) })
	if err != nil || ch.Empty() {
		return 0, err
	}
	m.apply(ch)
	return m.pos, nil
}

// guarded runs a rule and refuses a change that breaks an invariant.
func (m *Memory) guarded(st session.State, decide func() session.Change) (ch session.Change, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: panic: %v", session.ErrUnavailable, p)
		}
	}()
	ch = decide()
	if breach := session.Check(st, ch); breach != nil {
		m.breaches++
		return session.Change{}, fmt.Errorf("%w: %w", session.ErrUnavailable, breach)
	}
	return ch, nil
}

func (m *Memory) load(user string) (session.State, error) {
	u, ok := m.users[user]
	if !ok {
		return session.State{}, session.ErrNoUser
	}
	st := session.State{Pool: m.pools[u.Pool], User: u, Sharing: m.sharing[user], Draining: !m.draining.IsZero()}
	live := slices.Collect(maps.Values(m.sessions))
	live = slices.DeleteFunc(live, func(s *memorySession) bool { return s.User != user || !s.Ended.IsZero() })
	slices.SortFunc(live, func(a, b *memorySession) int { return cmp.Compare(a.no, b.no) })
	for _, s := range live {
		st.Sessions = append(st.Sessions, s.Session)
	}
	for _, c := range m.conns {
		if c.User == user {
			st.Conns = append(st.Conns, c)
		}
	}
	if s, ok := m.seats[user]; ok {
		st.Seat = &s
	}
	for _, s := range m.seats {
		if s.User != user && s.Pool == u.Pool && s.State == session.Grace && (st.Next == nil || s.Reclaim.Before(st.Next.Reclaim)) {
			st.Next = &s
		}
	}
	return st, nil
}

func (m *Memory) apply(ch session.Change) {
	if ch.Empty() {
		return
	}
	m.pools[ch.Pool.ID] = ch.Pool
	if ch.User != nil {
		m.users[ch.User.ID] = *ch.User
	}
	for _, id := range ch.SeatLost {
		u := m.users[id]
		u.SeatLost = true
		m.users[id] = u
	}
	for _, s := range ch.Sessions {
		if old := m.sessions[s.ID]; old != nil {
			old.Session = s
			continue
		}
		m.made++
		m.sessions[s.ID] = &memorySession{Session: s, no: m.made}
	}
	for _, c := range ch.Conns {
		if i := slices.IndexFunc(m.conns, func(o session.Connection) bool { return o.ID == c.ID }); i >= 0 {
			m.conns[i] = c
		} else {
			m.conns = append(m.conns, c)
		}
	}
	m.conns = slices.DeleteFunc(m.conns, func(c session.Connection) bool { return slices.Contains(ch.ConnsGone, c.ID) })
	for _, user := range ch.SeatsGone {
		delete(m.seats, user)
	}
	for _, s := range ch.Seats {
		m.seats[s.User] = s
	}
	if d := ch.Device; d != nil {
		m.seen(*d)
	}
	m.log(ch.Events)
}

// seen records a device, and drops the user's oldest one if there are too many.
func (m *Memory) seen(d session.Device) {
	m.devices = slices.DeleteFunc(m.devices, func(o session.Device) bool { return o.User == d.User && bytes.Equal(o.Hash, d.Hash) })
	m.devices = append(m.devices, d)
	n, oldest := 0, -1
	for i, o := range m.devices {
		if o.User == d.User {
			if n++; oldest < 0 {
				oldest = i
			}
		}
	}
	if n > session.MaxDevices {
		m.devices = slices.Delete(m.devices, oldest, oldest+1)
	}
}

// KnownDevice implements store.Accounts.
func (m *Memory) KnownDevice(_ context.Context, user string, hash []byte) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.ContainsFunc(m.devices, func(d session.Device) bool { return d.User == user && bytes.Equal(d.Hash, hash) }), nil
}

// Drain implements session.Store.
func (m *Memory) Drain(_ context.Context, now time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.draining = now
	return nil
}

// Restart implements session.Store.
func (m *Memory) Restart(_ context.Context, epoch string, now, deadline time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, s := range m.sessions {
		connected := slices.ContainsFunc(m.conns, func(c session.Connection) bool { return c.Session == s.ID })
		drained := !m.draining.IsZero() && !s.LastActive.Before(m.draining)
		if s.Ended.IsZero() && s.LastActive.Before(now) && (connected || drained) {
			s.LastActive = now // [A4]
		}
	}
	m.epoch, m.conns, m.draining = epoch, nil, time.Time{}
	var events []session.Event
	for id, p := range m.pools {
		p.Held, p.Grace, p.Offered = 0, 0, 0
		for user, s := range m.seats {
			if s.Pool != id {
				continue
			}
			if s.State == session.Offered {
				delete(m.seats, user)
				continue
			}
			if s.State == session.Held {
				s.Changed = now
			}
			s.State, s.Kind, s.Deadline, s.Reclaim = session.Grace, session.GraceBoot, deadline, deadline
			m.seats[user] = s
			p.Grace++
		}
		m.pools[id] = p
		events = append(events, m.number(id, session.Event{Type: session.ServerStarted, At: now}))
	}
	m.log(events)
	return nil
}

// Session implements session.Store.
func (m *Memory) Session(_ context.Context, id string) (session.Session, session.User, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.sessions[id]
	if s == nil {
		return session.Session{}, session.User{}, session.ErrUnknown
	}
	return s.Session, m.users[s.User], nil
}

// Connections implements session.Store.
func (m *Memory) Connections(context.Context) ([]session.Connection, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.conns), nil
}

// Due implements session.Store.
func (m *Memory) Due(_ context.Context, now time.Time, limit int) ([]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	due := make(map[string]bool)
	for _, s := range m.sessions {
		if s.Ended.IsZero() && !now.Before(s.Expires) {
			due[s.User] = true
		}
	}
	for user, s := range m.seats {
		if s.State != session.Held && m.draining.IsZero() && !now.Before(s.Deadline) {
			due[user] = true
		}
	}
	users := slices.Collect(maps.Keys(due))
	return users[:min(limit, len(users))], nil
}

// Touch implements session.Store.
func (m *Memory) Touch(_ context.Context, active map[string]time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for id, at := range active {
		if s := m.sessions[id]; s != nil && s.Ended.IsZero() && at.After(s.LastActive) {
			s.LastActive = at
		}
	}
	return nil
}

// Prune implements session.Store.
func (m *Memory) Prune(_ context.Context, now, presenceBefore, auditBefore time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	maps.DeleteFunc(m.sessions, func(_ string, s *memorySession) bool { return !s.Ended.IsZero() && !now.Before(s.Expires) })
	m.devices = slices.DeleteFunc(m.devices, func(d session.Device) bool { return !now.Before(d.Seen.Add(session.DeviceLife)) })
	m.events = slices.DeleteFunc(m.events, func(e session.Event) bool {
		if e.Type.Audit() {
			return e.At.Before(auditBefore)
		}
		return e.At.Before(presenceBefore)
	})
	return nil
}

// PruneFailedLogins implements session.Store.
func (m *Memory) PruneFailedLogins(_ context.Context, before time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.events = slices.DeleteFunc(m.events, func(e session.Event) bool { return e.Type == session.LoginFailed && e.At.Before(before) })
	return nil
}

// Epoch implements store.Notes.
func (m *Memory) Epoch(context.Context) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.epoch, nil
}

// Listen implements store.Delivery.
func (m *Memory) Listen(_ string, fn func([]session.Event)) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.listen = fn
	return nil
}

// WaitApplied implements store.Delivery. The listener has all events already.
func (m *Memory) WaitApplied(context.Context) error { return nil }

// Close implements store.Store.
func (m *Memory) Close() error { return nil }
