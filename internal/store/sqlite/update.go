package sqlite

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/turnike/turnike/internal/session"
)

// Update implements session.Store.
func (s *Store) Update(ctx context.Context, user string, decide func(session.State, time.Time) session.Change) (session.Pos, error) {
	if user == "" {
		return 0, session.ErrNoUser
	}
	return s.decide(ctx, &request{user: user, decide: decide})
}

// UpdatePool implements session.Store.
func (s *Store) UpdatePool(ctx context.Context, pool session.PoolID, decide func(session.Pool, time.Time) session.Change) (session.Pos, error) {
	return s.decide(ctx, &request{pool: pool, decide: func(st session.State, now time.Time) session.Change {
		return decide(st.Pool, now)
	}})
}

// apply checks a change of what was loaded and writes all of it.
func (t *tx) apply(l loaded, ch session.Change) error {
	if err := session.Check(l.State, ch); err != nil {
		return err
	}
	if ch.Empty() {
		return nil
	}
	t.setPool(ch.Pool)
	if err := t.writeUser(ch); err != nil {
		return err
	}
	if err := t.writeSharing(l, ch.Sharing); err != nil {
		return err
	}
	if err := t.writeDevice(l, ch.Device); err != nil {
		return err
	}
	for _, s := range ch.Sessions {
		if err := t.writeSession(l, s); err != nil {
			return err
		}
	}
	if err := t.writeConns(l, ch); err != nil {
		return err
	}
	if err := t.writeSeats(l, ch); err != nil {
		return err
	}
	return t.log(ch.Events)
}

func (t *tx) writeUser(ch session.Change) error {
	if u := ch.User; u != nil {
		if u.Pool != ch.Pool.ID {
			if err := t.checkPool(u.Pool); err != nil {
				return err
			}
		}
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

// writeSession writes a session's row with the cheapest statement that is enough.
func (t *tx) writeSession(l loaded, s session.Session) error {
	old := l.session(s.ID)
	var err error
	switch {
	case old == nil:
		_, err = t.exec(`INSERT INTO sessions (id, user_no, pool_id, device, device_hash, known_device, address, issued, created_at,
			last_active, expires_at, ended_at, code, reason, successor) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			s.ID, l.no, int64(s.Pool), s.Device, s.DeviceHash, s.KnownDevice, s.Address, s.Issued, s.Created,
			s.LastActive, s.Expires, s.Ended, string(s.Code), s.Reason, s.Successor)
	case s.Ended.IsZero():
		if !s.LastActive.Equal(old.LastActive) {
			_, err = t.exec(`UPDATE sessions SET last_active = ? WHERE id = ?`, s.LastActive, s.ID)
		}
	default:
		_, err = t.exec(`UPDATE sessions SET last_active = ?, ended_at = ?, code = ?, reason = ?, successor = ? WHERE id = ?`,
			s.LastActive, s.Ended, string(s.Code), s.Reason, s.Successor, s.ID)
	}
	return err
}

func (t *tx) writeConns(l loaded, ch session.Change) error {
	for _, c := range ch.Conns {
		var err error
		if l.connected(c.ID) {
			_, err = t.exec(`UPDATE connections SET session_id = ? WHERE user_no = ? AND id = ?`, c.Session, l.no, c.ID)
		} else {
			_, err = t.exec(`INSERT INTO connections (user_no, seq, id, session_id, registered_at) VALUES (?, ?, ?, ?, ?)`,
				l.no, ch.Pool.LogSeq, c.ID, c.Session, c.Registered)
		}
		if err != nil {
			return err
		}
	}
	for _, id := range ch.ConnsGone {
		if _, err := t.exec(`DELETE FROM connections WHERE user_no = ? AND id = ?`, l.no, id); err != nil {
			return err
		}
	}
	return nil
}

// writeSeats deletes and writes seats. session.Check has refused those that the
// state does not include.
func (t *tx) writeSeats(l loaded, ch session.Change) error {
	for _, user := range ch.SeatsGone {
		no, _, _ := l.seat(user)
		if _, err := t.exec(`DELETE FROM seats WHERE pool_id = ? AND user_no = ?`, int64(ch.Pool.ID), no); err != nil {
			return err
		}
	}
	for _, s := range ch.Seats {
		no, state, _ := l.seat(s.User)
		query := `UPDATE seats SET session_id = ?, state = ?, kind = ?, since = ?, changed = ?,
			deadline = ?, reclaim = ? WHERE pool_id = ? AND user_no = ?`
		if state == "" || slices.Contains(ch.SeatsGone, s.User) {
			query = `INSERT INTO seats (session_id, state, kind, since, changed, deadline, reclaim, pool_id, user_no)
				VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`
		}
		if _, err := t.exec(query, s.Session, string(s.State), string(s.Kind), s.Since, s.Changed, s.Deadline, s.Reclaim,
			int64(s.Pool), no); err != nil {
			return err
		}
	}
	return nil
}

// Drain implements session.Store.
func (s *Store) Drain(ctx context.Context, now time.Time) error {
	return s.write(ctx, func(t *tx) error {
		t.mirror.clear()
		return t.setMeta(metaDrain, strconv.FormatInt(now.UnixMilli(), 10))
	})
}

// Restart implements session.Store.
func (s *Store) Restart(ctx context.Context, epoch string, now, deadline time.Time) error {
	return s.write(ctx, func(t *tx) error {
		t.mirror.clear()
		if err := t.startClock(s.clock, now); err != nil {
			return err
		}
		if err := t.noteInUse(now); err != nil {
			return err
		}
		if err := t.resetSeats(now, deadline); err != nil {
			return err
		}
		if _, err := t.exec(`DELETE FROM meta WHERE key = ?`, metaDrain); err != nil {
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
			if err := t.emit(id, session.Event{Type: session.ServerStarted, By: session.BySystem(), At: now}); err != nil {
				return err
			}
		}
		return nil
	})
}

// noteInUse marks the sessions as active that had connections when the last run
// ended: those that it did not see leave, and those that left while it drained [S7]
// [A4].
func (t *tx) noteInUse(now time.Time) error {
	_, err := t.exec(`UPDATE sessions SET last_active = ? WHERE ended_at IS NULL AND last_active < ? AND
		(id IN (SELECT session_id FROM connections) OR last_active >= (SELECT CAST(value AS INTEGER) FROM meta WHERE key = ?))`,
		now, now, metaDrain)
	return err
}

// resetSeats puts every seat into boot grace and deletes the connections, which are
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
