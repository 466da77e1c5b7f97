package sqlstore

import (
	"github.com/turnike/turnike/internal/account"
	"github.com/turnike/turnike/internal/session"
)

const (
	poolColumns = `id, name, seat_limit, limit_set, policy, max_sessions, login, presence, held, grace, offered,
		log_seq, presence_seq`
	selectPool = `SELECT ` + poolColumns + ` FROM pools`

	userColumns    = `u.id, u.name, u.role, u.pool_id, u.disabled, u.deleted, u.cred_version, u.password_hash, u.seat_lost`
	sessionColumns = `s.id, s.user_id, s.pool_id, s.device, s.device_hash, s.address, s.issued, s.created_at,
		s.last_active, s.expires_at, s.ended_at, s.code, s.reason, s.successor`
	seatColumns = `t.pool_id, t.session_id, t.state, t.kind, t.since, t.changed, t.deadline, t.reclaim`

	userWidth    = 9
	sessionWidth = 14
)

func scanPool(r row, i int) session.Pool {
	return session.Pool{ID: session.PoolID(r.int64(i)), Name: r.string(i + 1), Limit: r.int(i + 2), LimitSet: r.bool(i + 3),
		Policy: session.Policy(r.string(i + 4)), MaxSessions: r.int(i + 5), Login: session.LoginMode(r.string(i + 6)),
		Presence: session.Visibility(r.string(i + 7)), Held: r.int(i + 8), Grace: r.int(i + 9), Offered: r.int(i + 10),
		LogSeq: r.int64(i + 11), PresenceSeq: r.int64(i + 12)}
}

func scanUser(r row, i int) session.User {
	return session.User{ID: r.string(i), Name: r.string(i + 1), Role: account.Role(r.string(i + 2)),
		Pool: session.PoolID(r.int64(i + 3)), Disabled: r.bool(i + 4), Deleted: r.bool(i + 5), CredVersion: r.int64(i + 6),
		PasswordHash: r.string(i + 7), SeatLost: r.bool(i + 8)}
}

func scanSession(r row, i int) session.Session {
	return session.Session{ID: r.string(i), User: r.string(i + 1), Pool: session.PoolID(r.int64(i + 2)),
		Device: r.string(i + 3), DeviceHash: r.bytes(i + 4), Address: r.string(i + 5), Issued: r.bool(i + 6),
		Created: r.time(i + 7), LastActive: r.time(i + 8), Expires: r.time(i + 9), Ended: r.time(i + 10),
		Code: session.Code(r.string(i + 11)), Reason: r.string(i + 12), Successor: r.string(i + 13)}
}

func scanSeat(r row, i int, user, name string) *session.Seat {
	return &session.Seat{User: user, Username: name, Pool: session.PoolID(r.int64(i)), Session: r.string(i + 1),
		State: session.SeatState(r.string(i + 2)), Kind: session.GraceKind(r.string(i + 3)), Since: r.time(i + 4),
		Changed: r.time(i + 5), Deadline: r.time(i + 6), Reclaim: r.time(i + 7)}
}

// loadPool reads a pool's row. Error: ErrNoPool.
func loadPool(c *conn, id session.PoolID) (session.Pool, error) {
	var p session.Pool
	found := false
	err := c.query(selectPool+` WHERE id = ?`, func(r row) error {
		p, found = scanPool(r, 0), true
		return nil
	}, int64(id))
	if err == nil && !found {
		err = session.ErrNoPool
	}
	return p, err
}

func poolIDs(c *conn) ([]session.PoolID, error) {
	var ids []session.PoolID
	err := c.query(`SELECT id FROM pools ORDER BY id`, func(r row) error {
		ids = append(ids, session.PoolID(r.int64(0)))
		return nil
	})
	return ids, err
}

// load reads all that a rule may look at. Error: ErrNoUser.
func (t *tx) load(user string) (session.State, error) {
	var st session.State
	found := false
	err := t.conn.query(`SELECT `+userColumns+`, `+seatColumns+` FROM users u LEFT JOIN seats t ON t.user_id = u.id
		WHERE u.id = ?`, func(r row) error {
		st.User, found = scanUser(r, 0), true
		if r[userWidth] != nil {
			st.Seat = scanSeat(r, userWidth, st.User.ID, st.User.Name)
		}
		return nil
	}, user)
	if err != nil {
		return st, err
	}
	if !found {
		return st, session.ErrNoUser
	}
	if st.Pool, err = t.pool(st.User.Pool); err != nil {
		return st, err
	}
	if err := t.loadSessions(&st); err != nil {
		return st, err
	}
	return st, t.loadNext(&st)
}

func (t *tx) loadSessions(st *session.State) error {
	err := t.conn.query(`SELECT `+sessionColumns+` FROM sessions s WHERE s.user_id = ? AND s.ended_at IS NULL
		ORDER BY s.seq, s.id`, func(r row) error {
		st.Sessions = append(st.Sessions, scanSession(r, 0))
		return nil
	}, st.User.ID)
	if err != nil || len(st.Sessions) == 0 {
		return err // connections belong to live sessions
	}
	return t.conn.query(`SELECT id, session_id, registered_at FROM connections WHERE user_id = ? ORDER BY seq, id`,
		func(r row) error {
			st.Conns = append(st.Conns, session.Connection{ID: r.string(0), Session: r.string(1), User: st.User.ID,
				Registered: r.time(2)})
			return nil
		}, st.User.ID)
}

// loadNext reads the seat that can be given away soonest. The counters tell
// whether there is one.
func (t *tx) loadNext(st *session.State) error {
	others := st.Pool.Grace
	if st.Seat != nil && st.Seat.State == session.Grace {
		others--
	}
	if others <= 0 {
		return nil
	}
	return t.conn.query(`SELECT `+seatColumns+`, u.id, u.name FROM seats t JOIN users u ON u.id = t.user_id
		WHERE t.pool_id = ? AND t.state = 'grace' AND t.user_id <> ? ORDER BY t.reclaim LIMIT 1`, func(r row) error {
		st.Next = scanSeat(r, 0, r.string(8), r.string(9))
		return nil
	}, int64(st.Pool.ID), st.User.ID)
}
