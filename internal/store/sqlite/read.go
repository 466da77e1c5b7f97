package sqlite

import (
	"context"
	"time"

	"github.com/turnike/turnike/internal/session"
	"github.com/turnike/turnike/internal/store"
)

// Session implements session.Store. Every request reads it [SEC-26].
func (s *Store) Session(ctx context.Context, id string) (session.Session, session.User, error) {
	var out session.Session
	var user session.User
	found := false
	err := s.read(ctx, func(c *conn) error {
		err := c.query(`SELECT s.ended_at, `+userColumns+`, `+sessionColumns+` FROM sessions s
			JOIN users u ON u.no = s.user_no WHERE s.id = ?`, func(r row) error {
			user, found = scanUser(r, 1), true
			out = scanSession(r, 1+userWidth, user.ID)
			out.Ended = r.time(0)
			return nil
		}, id)
		if err == nil && !found {
			err = session.ErrUnknown
		}
		if err != nil || out.Ended.IsZero() {
			return err
		}
		return c.query(`SELECT code, reason, successor FROM sessions WHERE id = ?`, func(r row) error {
			out.Code, out.Reason, out.Successor = session.Code(r.string(0)), r.string(1), r.string(2)
			return nil
		}, id)
	})
	return out, user, err
}

// Connections implements session.Store.
func (s *Store) Connections(ctx context.Context) ([]session.Connection, error) {
	var out []session.Connection
	err := s.read(ctx, func(c *conn) error {
		return c.query(`SELECT c.id, c.session_id, u.id, c.registered_at FROM connections c JOIN users u ON u.no = c.user_no`,
			func(r row) error {
				out = append(out, session.Connection{ID: r.string(0), Session: r.string(1), User: r.string(2), Registered: r.time(3)})
				return nil
			})
	})
	return out, err
}

// Due implements session.Store.
func (s *Store) Due(ctx context.Context, now time.Time, limit int) ([]string, error) {
	var users []string
	err := s.read(ctx, func(c *conn) error {
		return c.query(`SELECT u.id FROM (
				SELECT user_no FROM (SELECT user_no FROM sessions WHERE ended_at IS NULL AND expires_at <= ?
					ORDER BY expires_at LIMIT ?) AS expired
				UNION SELECT user_no FROM (SELECT user_no FROM seats WHERE deadline IS NOT NULL AND deadline <= ?
					AND NOT EXISTS (SELECT 1 FROM meta WHERE key = ?) ORDER BY deadline LIMIT ?) AS lapsed
			) AS due JOIN users u ON u.no = due.user_no LIMIT ?`, func(r row) error {
			users = append(users, r.string(0))
			return nil
		}, now, limit, now, metaDrain, limit, limit)
	})
	return users, err
}

// Snapshot implements store.Overview.
func (s *Store) Snapshot(ctx context.Context, pool session.PoolID) (session.Pool, []store.Entry, error) {
	var p session.Pool
	var entries []store.Entry
	err := s.readTx(ctx, func(c *conn) error {
		var err error
		if p, err = loadPool(c, pool); err != nil {
			return err
		}
		entries = make([]store.Entry, 0, p.Used())
		return c.query(`SELECT u.id, u.name, t.state, t.since, t.changed,
				(SELECT COUNT(*) FROM connections c WHERE c.user_no = t.user_no)
			FROM seats t JOIN users u ON u.no = t.user_no WHERE t.pool_id = ?`, func(r row) error {
			entries = append(entries, store.Entry{User: r.string(0), Name: r.string(1), State: session.SeatState(r.string(2)),
				Since: r.time(3), Changed: r.time(4), Connections: r.int(5)})
			return nil
		}, int64(pool))
	})
	return p, entries, err
}
