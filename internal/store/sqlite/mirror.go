package sqlite

import (
	"slices"

	"github.com/turnike/turnike/internal/session"
)

// mirrorSize is the most states of users, about 1 KiB each, and the most rows of
// pools that are kept.
const mirrorSize = 8192

// mirror keeps the states of the users that were written last, and the rows of
// their pools, so that the usual next step (register after login, leave after
// register) need not read them again: reading costs a third of an admission. It is
// used only inside a transaction that would read the same, and is cleared when
// another process has committed or a transaction has failed.
//
// The writer's goroutine owns it.
type mirror struct {
	users map[string]loaded
	pools map[session.PoolID]session.Pool

	draining *bool        // nil: not read yet
	pos      *session.Pos // of the newest commit; nil: not read yet
}

// get returns a user's state without pool, next seat and drain.
func (m *mirror) get(user string) (loaded, bool) {
	l, ok := m.users[user]
	return l, ok
}

func (m *mirror) put(l loaded) {
	if m.users == nil {
		m.users = make(map[string]loaded)
	}
	if len(m.users) >= mirrorSize {
		for user := range m.users { // a random one
			delete(m.users, user)
			break
		}
	}
	l.Pool, l.Draining, l.Next, l.next = session.Pool{}, false, nil, 0
	m.users[l.User.ID] = l
}

func (m *mirror) forget(user string) { delete(m.users, user) }

// pool returns a pool's row.
func (m *mirror) pool(id session.PoolID) (session.Pool, bool) {
	p, ok := m.pools[id]
	return p, ok
}

// putPools keeps the pools that a committed transaction has read or written.
func (m *mirror) putPools(pools map[session.PoolID]*pooled) {
	if m.pools == nil {
		m.pools = make(map[session.PoolID]session.Pool)
	}
	if len(m.pools)+len(pools) > mirrorSize {
		clear(m.pools)
	}
	for id, p := range pools {
		m.pools[id] = p.now
	}
}

func (m *mirror) clear() {
	clear(m.users)
	clear(m.pools)
	m.draining, m.pos = nil, nil
}

// forRule returns a copy that a rule may change.
func (l loaded) forRule() session.State {
	st := l.State
	st.Sessions, st.Conns = slices.Clone(st.Sessions), slices.Clone(st.Conns)
	if st.Seat != nil {
		seat := *st.Seat
		st.Seat = &seat
	}
	return st
}

// after returns the state after a change, as it would be read from the database. It
// may reuse the slices of l.
func (l loaded) after(ch session.Change) loaded {
	if ch.User != nil {
		l.User = *ch.User
	}
	if ch.Sharing != nil {
		l.Sharing = *ch.Sharing
	}
	for _, s := range ch.Sessions {
		i := slices.IndexFunc(l.Sessions, func(o session.Session) bool { return o.ID == s.ID })
		switch {
		case i < 0 && s.Ended.IsZero():
			l.Sessions = append(l.Sessions, s)
		case i >= 0 && s.Ended.IsZero():
			l.Sessions[i].LastActive = s.LastActive
		case i >= 0:
			l.Sessions = slices.Delete(l.Sessions, i, i+1)
		}
	}
	l.Conns = slices.DeleteFunc(l.Conns, func(c session.Connection) bool { return slices.Contains(ch.ConnsGone, c.ID) })
	for _, c := range ch.Conns {
		if i := slices.IndexFunc(l.Conns, func(o session.Connection) bool { return o.ID == c.ID }); i >= 0 {
			l.Conns[i].Session = c.Session
		} else if !slices.Contains(ch.ConnsGone, c.ID) {
			l.Conns = append(l.Conns, c)
		}
	}
	if slices.Contains(ch.SeatsGone, l.User.ID) {
		l.Seat = nil
	}
	for _, s := range ch.Seats {
		if s.User == l.User.ID {
			l.Seat = &s
		}
	}
	return l
}
