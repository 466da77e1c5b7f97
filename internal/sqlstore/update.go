package sqlstore

import (
	"context"
	"time"

	"github.com/turnike/turnike/internal/session"
)

// Update implements session.Store.
func (s *Store) Update(ctx context.Context, user string, decide func(session.State) session.Change) error {
	return s.write(ctx, func(t *tx) error {
		st, err := t.load(user)
		if err != nil {
			return err
		}
		before := remember(st)
		return t.apply(before, decide(st))
	})
}

// UpdatePool implements session.Store.
func (s *Store) UpdatePool(ctx context.Context, pool session.PoolID, decide func(session.Pool) session.Change) error {
	return s.write(ctx, func(t *tx) error {
		p, err := t.pool(pool)
		if err != nil {
			return err
		}
		return t.apply(known{pool: p}, decide(p))
	})
}

// known is what a change is compared with. It is taken before the rule runs,
// which may do with its State as it likes.
type known struct {
	pool     session.Pool
	user     string
	sessions map[string]session.Session
	conns    map[string]bool
	seats    map[string]session.SeatState // the user's and the next one's, by user
}

func remember(st session.State) known {
	k := known{pool: st.Pool, user: st.User.ID, seats: make(map[string]session.SeatState, 2)}
	if len(st.Sessions) > 0 {
		k.sessions = make(map[string]session.Session, len(st.Sessions))
	}
	for _, s := range st.Sessions {
		k.sessions[s.ID] = s
	}
	if len(st.Conns) > 0 {
		k.conns = make(map[string]bool, len(st.Conns))
	}
	for _, c := range st.Conns {
		k.conns[c.ID] = true
	}
	k.seats[st.User.ID] = ""
	for _, seat := range []*session.Seat{st.Seat, st.Next} {
		if seat != nil {
			k.seats[seat.User] = seat.State
		}
	}
	return k
}

// apply checks a change and writes all of it.
func (t *tx) apply(k known, ch session.Change) error {
	if err := check(k, ch); err != nil {
		return err
	}
	if ch.Empty() {
		return nil
	}
	t.setPool(ch.Pool)
	if err := t.writeUser(ch); err != nil {
		return err
	}
	for _, s := range ch.Sessions {
		if err := t.writeSession(k, ch, s); err != nil {
			return err
		}
	}
	if err := t.writeConns(k, ch); err != nil {
		return err
	}
	if err := t.writeSeats(k, ch); err != nil {
		return err
	}
	return t.log(ch.Events)
}

func (t *tx) writeUser(ch session.Change) error {
	if u := ch.User; u != nil {
		if _, err := t.exec(`UPDATE users SET role = ?, pool_id = ?, disabled = ?, deleted = ?, cred_version = ?,
			password_hash = ?, seat_lost = ?, canonical = CASE ? WHEN 1 THEN NULL ELSE canonical END WHERE id = ?`,
			string(u.Role), int64(u.Pool), u.Disabled, u.Deleted, u.CredVersion,
			u.PasswordHash, u.SeatLost, u.Deleted, u.ID); err != nil {
			return err
		}
	}
	for _, id := range ch.SeatLost {
		if _, err := t.exec(`UPDATE users SET seat_lost = 1 WHERE id = ?`, id); err != nil {
			return err
		}
	}
	return nil
}

// writeSession writes a session's row with the cheapest statement that does.
func (t *tx) writeSession(k known, ch session.Change, s session.Session) error {
	old, exists := k.sessions[s.ID]
	var err error
	switch {
	case !exists:
		_, err = t.exec(`INSERT INTO sessions (id, user_id, pool_id, seq, device, device_hash, address, issued, created_at,
			last_active, expires_at, ended_at, code, reason, successor) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			s.ID, s.User, int64(s.Pool), ch.Pool.LogSeq, s.Device, s.DeviceHash, s.Address, s.Issued, s.Created,
			s.LastActive, s.Expires, s.Ended, string(s.Code), s.Reason, s.Successor)
	case s.Ended.IsZero():
		if !s.LastActive.Equal(old.LastActive) {
			_, err = t.exec(touchSession, s.LastActive, s.ID)
		}
	default:
		_, err = t.exec(`UPDATE sessions SET last_active = ?, ended_at = ?, code = ?, reason = ?, successor = ? WHERE id = ?`,
			s.LastActive, s.Ended, string(s.Code), s.Reason, s.Successor, s.ID)
	}
	return err
}

const touchSession = `UPDATE sessions SET last_active = ? WHERE id = ?`

func (t *tx) writeConns(k known, ch session.Change) error {
	for _, c := range ch.Conns {
		var err error
		if k.conns[c.ID] {
			_, err = t.exec(`UPDATE connections SET session_id = ? WHERE user_id = ? AND id = ?`, c.Session, c.User, c.ID)
		} else {
			_, err = t.exec(`INSERT INTO connections (user_id, seq, id, session_id, registered_at) VALUES (?, ?, ?, ?, ?)`,
				c.User, ch.Pool.LogSeq, c.ID, c.Session, c.Registered)
		}
		if err != nil {
			return err
		}
	}
	for _, id := range ch.ConnsGone {
		if _, err := t.exec(`DELETE FROM connections WHERE user_id = ? AND id = ?`, k.user, id); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) writeSeats(k known, ch session.Change) error {
	for _, user := range ch.SeatsGone {
		if _, err := t.exec(`DELETE FROM seats WHERE user_id = ?`, user); err != nil {
			return err
		}
	}
	for _, s := range ch.Seats {
		var err error
		if k.seats[s.User] == "" {
			_, err = t.exec(`INSERT INTO seats (pool_id, session_id, state, kind, since, changed, deadline, reclaim, user_id)
				VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`, seatArgs(s)...)
		} else {
			_, err = t.exec(`UPDATE seats SET pool_id = ?, session_id = ?, state = ?, kind = ?, since = ?, changed = ?,
				deadline = ?, reclaim = ? WHERE user_id = ?`, seatArgs(s)...)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func seatArgs(s session.Seat) []any {
	return []any{int64(s.Pool), s.Session, string(s.State), string(s.Kind), s.Since, s.Changed, s.Deadline, s.Reclaim, s.User}
}

// Restart implements session.Store.
func (s *Store) Restart(ctx context.Context, epoch string, now, deadline time.Time) error {
	return s.write(ctx, func(t *tx) error {
		if err := t.resetSeats(now, deadline); err != nil {
			return err
		}
		if err := t.setMeta(metaEpoch, epoch); err != nil {
			return err
		}
		pools, err := poolIDs(t.conn)
		if err != nil {
			return err
		}
		for _, id := range pools {
			p, err := t.pool(id)
			if err != nil {
				return err
			}
			p.Held, p.Offered = 0, 0
			if p.Grace, err = t.countSeats(id); err != nil {
				return err
			}
			t.setPool(p)
			if err := t.emit(id, session.Event{Type: session.ServerStarted, At: now}); err != nil {
				return err
			}
		}
		return nil
	})
}

// resetSeats puts every seat into boot grace and forgets the sockets, which are
// gone [S7].
func (t *tx) resetSeats(now, deadline time.Time) error {
	if _, err := t.exec(`DELETE FROM connections`); err != nil {
		return err
	}
	if _, err := t.exec(`DELETE FROM seats WHERE state = 'offered'`); err != nil {
		return err
	}
	_, err := t.exec(`UPDATE seats SET changed = CASE state WHEN 'held' THEN ? ELSE changed END,
		state = 'grace', kind = ?, deadline = ?, reclaim = ?`, now, string(session.GraceBoot), deadline, deadline)
	return err
}

func (t *tx) countSeats(pool session.PoolID) (int, error) {
	n := 0
	err := t.conn.query(`SELECT COUNT(*) FROM seats WHERE pool_id = ?`, func(r row) error {
		n = r.int(0)
		return nil
	}, int64(pool))
	return n, err
}

// Touch implements session.Store.
func (s *Store) Touch(ctx context.Context, active map[string]time.Time) error {
	if len(active) == 0 {
		return nil
	}
	return s.write(ctx, func(t *tx) error {
		for id, at := range active {
			if _, err := t.exec(touchSession+` AND ended_at IS NULL AND last_active < ?`, at, id, at); err != nil {
				return err
			}
		}
		return nil
	})
}
