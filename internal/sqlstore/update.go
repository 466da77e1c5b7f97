package sqlstore

import (
	"context"
	"time"

	"github.com/turnike/turnike/internal/session"
)

// Update implements session.Store.
func (s *Store) Update(ctx context.Context, user string, decide func(session.State) session.Change) error {
	return s.write(ctx, func(t *tx) error {
		l, err := t.load(user)
		if err != nil {
			return err
		}
		ch := decide(l.forRule())
		for _, others := range [][]string{{user}, ch.SeatsGone, ch.SeatLost} {
			for _, id := range others {
				t.mirror.forget(id)
			}
		}
		if err := t.apply(remember(l), ch); err != nil {
			return err
		}
		t.mirror.put(l.after(ch))
		return nil
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
	user     int64                // its number; 0 in the change of a pool alone
	sessions map[string]time.Time // when last active
	conns    map[string]bool
	seats    map[string]knownSeat // the user's and the next one's, by user id
}

// knownSeat is a seat that the rule has looked at; the state is "" when the
// user has none.
type knownSeat struct {
	user  int64
	state session.SeatState
}

func remember(l loaded) known {
	k := known{pool: l.Pool, user: l.no, seats: map[string]knownSeat{l.User.ID: {user: l.no}}}
	if len(l.Sessions) > 0 {
		k.sessions = make(map[string]time.Time, len(l.Sessions))
	}
	for _, s := range l.Sessions {
		k.sessions[s.ID] = s.LastActive
	}
	if len(l.Conns) > 0 {
		k.conns = make(map[string]bool, len(l.Conns))
	}
	for _, c := range l.Conns {
		k.conns[c.ID] = true
	}
	if l.Seat != nil {
		k.seats[l.User.ID] = knownSeat{user: l.no, state: l.Seat.State}
	}
	if l.Next != nil {
		k.seats[l.Next.User] = knownSeat{user: l.next, state: l.Next.State}
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
		if err := t.writeSession(k, s); err != nil {
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
func (t *tx) writeSession(k known, s session.Session) error {
	active, exists := k.sessions[s.ID]
	var err error
	switch {
	case !exists:
		_, err = t.exec(`INSERT INTO sessions (id, user_no, pool_id, device, device_hash, address, issued, created_at,
			last_active, expires_at, ended_at, code, reason, successor) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			s.ID, k.user, int64(s.Pool), s.Device, s.DeviceHash, s.Address, s.Issued, s.Created,
			s.LastActive, s.Expires, s.Ended, string(s.Code), s.Reason, s.Successor)
	case s.Ended.IsZero():
		if !s.LastActive.Equal(active) {
			_, err = t.exec(`UPDATE sessions SET last_active = ? WHERE id = ?`, s.LastActive, s.ID)
		}
	default:
		_, err = t.exec(`UPDATE sessions SET last_active = ?, ended_at = ?, code = ?, reason = ?, successor = ? WHERE id = ?`,
			s.LastActive, s.Ended, string(s.Code), s.Reason, s.Successor, s.ID)
	}
	return err
}

func (t *tx) writeConns(k known, ch session.Change) error {
	for _, c := range ch.Conns {
		var err error
		if k.conns[c.ID] {
			_, err = t.exec(`UPDATE connections SET session_id = ? WHERE user_no = ? AND id = ?`, c.Session, k.user, c.ID)
		} else {
			_, err = t.exec(`INSERT INTO connections (user_no, seq, id, session_id, registered_at) VALUES (?, ?, ?, ?, ?)`,
				k.user, ch.Pool.LogSeq, c.ID, c.Session, c.Registered)
		}
		if err != nil {
			return err
		}
	}
	for _, id := range ch.ConnsGone {
		if _, err := t.exec(`DELETE FROM connections WHERE user_no = ? AND id = ?`, k.user, id); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) writeSeats(k known, ch session.Change) error {
	for _, user := range ch.SeatsGone {
		if _, err := t.exec(`DELETE FROM seats WHERE pool_id = ? AND user_no = ?`, int64(ch.Pool.ID), k.seats[user].user); err != nil {
			return err
		}
	}
	for _, s := range ch.Seats {
		var err error
		if k.seats[s.User].state == "" {
			_, err = t.exec(`INSERT INTO seats (session_id, state, kind, since, changed, deadline, reclaim, pool_id, user_no)
				VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`, seatArgs(s, k)...)
		} else {
			_, err = t.exec(`UPDATE seats SET session_id = ?, state = ?, kind = ?, since = ?, changed = ?,
				deadline = ?, reclaim = ? WHERE pool_id = ? AND user_no = ?`, seatArgs(s, k)...)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func seatArgs(s session.Seat, k known) []any {
	return []any{s.Session, string(s.State), string(s.Kind), s.Since, s.Changed, s.Deadline, s.Reclaim,
		int64(s.Pool), k.seats[s.User].user}
}

// Restart implements session.Store.
func (s *Store) Restart(ctx context.Context, epoch string, now, deadline time.Time) error {
	return s.write(ctx, func(t *tx) error {
		t.mirror.clear()
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
		t.mirror.clear()
		for id, at := range active {
			if _, err := t.exec(`UPDATE sessions SET last_active = ? WHERE id = ? AND ended_at IS NULL AND last_active < ?`, at, id, at); err != nil {
				return err
			}
		}
		return nil
	})
}
