package storetest

import (
	"fmt"
	"maps"

	"github.com/turnike/turnike/internal/session"
	"github.com/turnike/turnike/internal/store"
)

// Fold is the state that a reader of a pool's log derives. It follows the events one
// by one and refuses the first that does not fit. So it checks from outside that the
// log agrees with the store [I4] [P2].
type Fold struct {
	Pool     session.PoolID
	seq      int64 // of the last event
	presence int64
	limit    int
	seats    map[string]session.SeatState // by user
	conns    map[string]session.Connection
	ended    map[string]bool // sessions
	Events   int
}

// NewFold returns a Fold after the last event of a pool without seats.
func NewFold(p session.Pool) *Fold {
	return &Fold{Pool: p.ID, seq: p.LogSeq, presence: p.PresenceSeq, limit: p.Limit,
		seats: make(map[string]session.SeatState), conns: make(map[string]session.Connection), ended: make(map[string]bool)}
}

// Apply follows events. It ignores those of other pools.
func (f *Fold) Apply(events []session.Event) error {
	for _, e := range events {
		if e.Pool != f.Pool {
			continue
		}
		if err := f.apply(e); err != nil {
			return fmt.Errorf("event %d (%s of %s, status %q): %w", e.LogSeq, e.Type, e.Username, e.Status, err)
		}
	}
	return nil
}

func (f *Fold) apply(e session.Event) error {
	f.Events++
	f.seq++
	if e.Status != "" {
		f.presence++
	}
	if e.LogSeq != f.seq || e.PresenceSeq != f.presence {
		return fmt.Errorf("numbered %d/%d, not %d/%d [I4] [P3]", e.LogSeq, e.PresenceSeq, f.seq, f.presence)
	}
	if e.At.IsZero() {
		return fmt.Errorf("has no time")
	}
	before := f.used()
	f.connections(e)
	if err := f.status(e); err != nil {
		return err
	}
	if e.Type == session.PoolChanged {
		f.limit = e.Limit
	}
	if e.Limit != f.limit {
		return fmt.Errorf("limit %d, not %d", e.Limit, f.limit)
	}
	if held, grace := f.count(session.Held), f.count(session.Grace); e.Held != held || e.Grace != grace {
		return fmt.Errorf("counts %d held and %d in grace, not %d and %d [P1]", e.Held, e.Grace, held, grace)
	}
	if used := f.used(); used > before && used > f.limit {
		return fmt.Errorf("%d seats used of %d [I1]", used, f.limit)
	}
	return nil
}

// connections follows who is connected.
func (f *Fold) connections(e session.Event) {
	switch e.Type {
	case session.ConnectionRegistered:
		f.conns[e.Conn] = session.Connection{ID: e.Conn, Session: e.Session, User: e.User}
		for _, id := range e.Dropped {
			delete(f.conns, id)
		}
	case session.ConnectionLeft:
		delete(f.conns, e.Conn)
	case session.SessionEnded:
		f.ended[e.Session] = true
		maps.DeleteFunc(f.conns, func(_ string, c session.Connection) bool { return c.Session == e.Session })
	case session.SessionRotated:
		f.ended[e.Session] = true
		for id, c := range f.conns {
			if c.Session == e.Session {
				c.Session = e.Successor
				f.conns[id] = c
			}
		}
	case session.ServerStarted:
		clear(f.conns)
		for user := range f.seats {
			f.seats[user] = session.Grace
		}
	}
}

// status follows who is inside [P2].
func (f *Fold) status(e session.Event) error {
	was := f.seats[e.User]
	switch e.Status {
	case "":
		return nil
	case session.Online:
		if was == session.Held {
			return fmt.Errorf("is online already")
		}
		f.seats[e.User] = session.Held
	case session.Reconnecting:
		if was == session.Grace {
			return fmt.Errorf("is reconnecting already")
		}
		f.seats[e.User] = session.Grace
	case session.Offline:
		if was == "" {
			return fmt.Errorf("was not inside")
		}
		if e.OfflineReason == "" {
			return fmt.Errorf("is offline without a reason")
		}
		delete(f.seats, e.User)
	}
	if e.Since.IsZero() || e.User == "" || e.Username == "" {
		return fmt.Errorf("has no user or since")
	}
	return nil
}

func (f *Fold) count(state session.SeatState) int {
	n := 0
	for _, s := range f.seats {
		if s == state {
			n++
		}
	}
	return n
}

func (f *Fold) used() int { return len(f.seats) }

// Equal returns an error unless the events agree with the store.
func (f *Fold) Equal(p session.Pool, entries map[string]store.Entry) error {
	if p.LogSeq != f.seq || p.PresenceSeq != f.presence || p.Limit != f.limit {
		return fmt.Errorf("the pool is at %d/%d with limit %d, its events at %d/%d with limit %d", p.LogSeq, p.PresenceSeq,
			p.Limit, f.seq, f.presence, f.limit)
	}
	if p.Held != f.count(session.Held) || p.Grace != f.count(session.Grace) || p.Used() != len(entries) {
		return fmt.Errorf("the pool counts %d held, %d in grace; its events %d and %d; there are %d seats", p.Held, p.Grace,
			f.count(session.Held), f.count(session.Grace), len(entries))
	}
	conns := make(map[string]int)
	for _, c := range f.conns {
		if f.ended[c.Session] {
			return fmt.Errorf("connection %s belongs to a session that has ended", c.ID)
		}
		conns[c.User]++
	}
	for user, e := range entries {
		if f.seats[user] != e.State || conns[user] != e.Connections {
			return fmt.Errorf("user %s is %s with %d connections, in its events %q with %d", e.Name, e.State, e.Connections,
				f.seats[user], conns[user])
		}
		if e.State == session.Held && e.Connections == 0 {
			return fmt.Errorf("the seat of user %s is held by nobody [I6]", e.Name)
		}
	}
	return nil
}
