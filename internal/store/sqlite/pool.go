package sqlite

import (
	"context"
	"fmt"

	"github.com/turnike/turnike/internal/session"
	"github.com/turnike/turnike/internal/store"
)

// livePool selects the pools that accounts may be in. The system's pool has an
// empty name. A deleted pool keeps its row, because the event log refers to its
// id. Its name becomes "#" and the id: that frees the old name, and no new pool
// can have such a name.
const livePool = `name GLOB '[a-z0-9]*'`

// Pools implements store.Pools.
func (s *Store) Pools(ctx context.Context) ([]session.Pool, error) {
	var out []session.Pool
	err := s.read(ctx, func(c *conn) error {
		return c.query(selectPool+` WHERE `+livePool+` ORDER BY id`, func(r row) error {
			out = append(out, scanPool(r, 0))
			return nil
		})
	})
	return out, err
}

// PoolByName implements store.Pools.
func (s *Store) PoolByName(ctx context.Context, name string) (session.Pool, error) {
	var p session.Pool
	err := s.read(ctx, func(c *conn) error {
		var err error
		p, err = poolByName(c, name)
		return err
	})
	return p, err
}

// poolByName returns the pool with that name, never the system's or a deleted
// one. Error: session.ErrNoPool.
func poolByName(c *conn, name string) (session.Pool, error) {
	var p session.Pool
	found := false
	err := c.query(selectPool+` WHERE name = ? AND `+livePool, func(r row) error {
		p, found = scanPool(r, 0), true
		return nil
	}, name)
	if err == nil && !found {
		err = fmt.Errorf("%w: %q", session.ErrNoPool, name)
	}
	return p, err
}

// CreatePool implements store.Pools.
func (s *Store) CreatePool(ctx context.Context, by session.Actor, name string, limit int) (session.Pool, error) {
	var made session.Pool
	err := s.write(ctx, func(t *tx) error {
		n, err := t.exec(`INSERT INTO pools (id, name, seat_limit, limit_set)
			SELECT MAX(id) + 1, ?, ?, 1 FROM pools WHERE true ON CONFLICT (name) DO NOTHING`, name, limit)
		if err != nil {
			return err
		}
		if n == 0 {
			return &store.PoolExistsError{Name: name}
		}
		p, err := poolByName(t.conn, name)
		if err != nil {
			return err
		}
		if err := t.emit(p.ID, session.Event{Type: session.PoolChanged, By: by}); err != nil {
			return err
		}
		made, err = t.pool(p.ID)
		return err
	})
	if err != nil {
		return session.Pool{}, err
	}
	return made, nil
}

// DeletePool implements store.Pools.
func (s *Store) DeletePool(ctx context.Context, by session.Actor, name string) error {
	return s.write(ctx, func(t *tx) error {
		p, err := poolByName(t.conn, name)
		if err != nil {
			return err
		}
		users := 0
		err = t.conn.query(`SELECT COUNT(*) FROM users WHERE pool_id = ? AND canonical IS NOT NULL`, func(r row) error {
			users = r.int(0)
			return nil
		}, int64(p.ID))
		if err != nil {
			return err
		}
		if users > 0 {
			return &store.PoolInUseError{Name: name, Users: users}
		}
		t.mirror.clear() // the mirror has the old name
		if p, err = t.pool(p.ID); err != nil {
			return err
		}
		p.Name = fmt.Sprintf("#%d", p.ID)
		t.setPool(p)
		if _, err := t.exec(`UPDATE pools SET name = ? WHERE id = ?`, p.Name, int64(p.ID)); err != nil {
			return err
		}
		return t.emit(p.ID, session.Event{Type: session.PoolDeleted, By: by, Reason: name})
	})
}

// checkPool returns session.ErrNoPool if accounts cannot be moved into the pool.
func (t *tx) checkPool(id session.PoolID) error {
	found := false
	err := t.conn.query(`SELECT 1 FROM pools WHERE id = ? AND `+livePool, func(row) error {
		found = true
		return nil
	}, int64(id))
	if err == nil && !found {
		err = session.ErrNoPool
	}
	return err
}
