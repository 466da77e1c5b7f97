package sqlite

import (
	"errors"
	"slices"

	"github.com/turnike/turnike/internal/account"
	"github.com/turnike/turnike/internal/session"
)

// The columns that are read, and below how records are built from them. In the
// driver a column costs more than a row, so only the needed ones are read.
const (
	poolColumns = `id, name, seat_limit, limit_set, policy, max_sessions, login, presence, held, grace, offered,
		log_seq, presence_seq`
	selectPool = `SELECT ` + poolColumns + ` FROM pools`

	userColumns = `u.id, u.name, u.role, u.pool_id, u.cred_version, u.password_hash,
		u.disabled + 2 * u.deleted + 4 * u.seat_lost`
	sessionColumns = `s.id, s.pool_id, s.device, s.device_hash, s.address, s.issued + 2 * s.known_device, s.created_at,
		s.last_active, s.expires_at`
	seatColumns = `t.session_id, t.state, t.kind, t.since, t.changed, t.deadline, t.reclaim`

	userWidth = 7
	seatWidth = 7
)

func scanPool(r row, i int) session.Pool {
	return session.Pool{ID: session.PoolID(r.int64(i)), Name: r.string(i + 1), Limit: r.int(i + 2), LimitSet: r.bool(i + 3),
		Policy: session.Policy(r.string(i + 4)), MaxSessions: r.int(i + 5), Login: session.LoginMode(r.string(i + 6)),
		Presence: session.Visibility(r.string(i + 7)), Held: r.int(i + 8), Grace: r.int(i + 9), Offered: r.int(i + 10),
		LogSeq: r.int64(i + 11), PresenceSeq: r.int64(i + 12)}
}

func scanUser(r row, i int) session.User {
	flags := r.int(i + 6)
	return session.User{ID: r.string(i), Name: r.string(i + 1), Role: account.Role(r.string(i + 2)),
		Pool: session.PoolID(r.int64(i + 3)), CredVersion: r.int64(i + 4), PasswordHash: r.string(i + 5),
		Disabled: flags&1 != 0, Deleted: flags&2 != 0, SeatLost: flags&4 != 0}
}

func scanSession(r row, i int, user string) session.Session {
	flags := r.int(i + 5)
	return session.Session{ID: r.string(i), User: user, Pool: session.PoolID(r.int64(i + 1)),
		Device: r.string(i + 2), DeviceHash: r.bytes(i + 3), Address: r.string(i + 4), Issued: flags&1 != 0, KnownDevice: flags&2 != 0,
		Created: r.time(i + 6), LastActive: r.time(i + 7), Expires: r.time(i + 8)}
}

func scanSeat(r row, i int, pool session.PoolID, user, name string) *session.Seat {
	return &session.Seat{User: user, Username: name, Pool: pool, Session: r.string(i),
		State: session.SeatState(r.string(i + 1)), Kind: session.GraceKind(r.string(i + 2)), Since: r.time(i + 3),
		Changed: r.time(i + 4), Deadline: r.time(i + 5), Reclaim: r.time(i + 6)}
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

// loaded is a user's state with the numbers of its rows.
type loaded struct {
	session.State
	no   int64 // of the user
	next int64 // of the user with the seat that can be given away
}

// session returns a session that was live when the state was loaded; nil for none.
func (l *loaded) session(id string) *session.Session {
	for i := range l.Sessions {
		if l.Sessions[i].ID == id {
			return &l.Sessions[i]
		}
	}
	return nil
}

// connected reports whether a connection was registered then.
func (l *loaded) connected(id string) bool {
	return slices.ContainsFunc(l.Conns, func(c session.Connection) bool { return c.ID == id })
}

// seat returns the number of a user in the state, and the state of its seat, "" for
// none. ok is false for any other user.
func (l *loaded) seat(user string) (no int64, state session.SeatState, ok bool) {
	switch {
	case l.no != 0 && user == l.User.ID:
		if l.Seat != nil {
			state = l.Seat.State
		}
		return l.no, state, true
	case l.Next != nil && user == l.Next.User:
		return l.next, l.Next.State, true
	}
	return 0, "", false
}

// load reads all that a rule may see. Error: ErrNoUser.
func (t *tx) load(user string) (loaded, error) {
	l, known := t.mirror.get(user)
	if !known {
		var err error
		if l, err = t.read(user); err != nil {
			return l, err
		}
	}
	var err error
	if known && t.verify != nil {
		read, err := t.read(user)
		if err := errors.Join(err, t.verify(l, read)); err != nil {
			return l, err
		}
	}
	if l.Pool, err = t.pool(l.User.Pool); err != nil {
		return l, err
	}
	if l.Draining, err = t.draining(); err != nil {
		return l, err
	}
	l.Still = t.still
	return l, t.loadNext(&l)
}

// draining reports whether the server has begun to drain [S7]. The mirror keeps
// the answer.
func (t *tx) draining() (bool, error) {
	if t.mirror.draining == nil {
		var found bool
		if err := t.conn.query(`SELECT 1 FROM meta WHERE key = ?`, func(row) error {
			found = true
			return nil
		}, metaDrain); err != nil {
			return false, err
		}
		t.mirror.draining = &found
	}
	return *t.mirror.draining, nil
}

// read reads the user with its seat, sessions and connections.
func (t *tx) read(user string) (loaded, error) {
	var l loaded
	err := t.conn.query(`SELECT u.no, `+userColumns+`, `+seatColumns+`, u.contest FROM users u 
		LEFT JOIN seats t ON t.pool_id = u.pool_id AND t.user_no = u.no WHERE u.id = ?`, func(r row) error {
		l.no, l.User = r.int64(0), scanUser(r, 1)
		if seat := 1 + userWidth; r[seat] != nil {
			l.Seat = scanSeat(r, seat, l.User.Pool, l.User.ID, l.User.Name)
		}
		var err error
		l.Sharing, err = decodeSharing(r.string(1 + userWidth + seatWidth))
		return err
	}, user)
	if err != nil {
		return l, err
	}
	if l.no == 0 {
		return l, session.ErrNoUser
	}
	return l, t.loadSessions(&l)
}

// loadSessions reads the live sessions with their connections.
func (t *tx) loadSessions(l *loaded) error {
	var seqs []int64 // of the connections
	return t.conn.query(`SELECT c.seq, c.id, c.registered_at, `+sessionColumns+` FROM sessions s
		LEFT JOIN connections c ON c.user_no = s.user_no AND c.session_id = s.id
		WHERE s.user_no = ? AND s.ended_at IS NULL ORDER BY s.no, c.seq, c.id`, func(r row) error {
		s := scanSession(r, 3, l.User.ID)
		if n := len(l.Sessions); n == 0 || l.Sessions[n-1].ID != s.ID {
			l.Sessions = append(l.Sessions, s)
		}
		if r[0] == nil {
			return nil
		}
		c := session.Connection{ID: r.string(1), Session: s.ID, User: l.User.ID, Registered: r.time(2)}
		i, _ := slices.BinarySearch(seqs, r.int64(0)+1) // oldest first over all sessions
		seqs = slices.Insert(seqs, i, r.int64(0))
		l.Conns = slices.Insert(l.Conns, i, c)
		return nil
	}, l.no)
}

// loadNext reads the seat that can be given away first. The pool's counters say
// whether there is one.
func (t *tx) loadNext(l *loaded) error {
	others := l.Pool.Grace
	if l.Seat != nil && l.Seat.State == session.Grace {
		others--
	}
	if others <= 0 {
		return nil
	}
	return t.conn.query(`SELECT `+seatColumns+`, u.id, u.name, u.no FROM seats t JOIN users u ON u.no = t.user_no
		WHERE t.pool_id = ? AND t.state = 'grace' AND t.user_no <> ? ORDER BY t.reclaim LIMIT 1`, func(r row) error {
		l.Next, l.next = scanSeat(r, 0, l.Pool.ID, r.string(seatWidth), r.string(seatWidth+1)), r.int64(seatWidth+2)
		return nil
	}, int64(l.Pool.ID), l.no)
}
