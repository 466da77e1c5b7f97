package sqlstore

import (
	"context"
	"fmt"

	"github.com/turnike/turnike/internal/session"
)

// DefaultPool is the pool that exists from the start, and the one of accounts
// that name none.
const DefaultPool = "default"

// PoolExistsError says that a pool of that name is there already.
type PoolExistsError struct{ Name string }

func (e *PoolExistsError) Error() string { return fmt.Sprintf("pool %q exists already", e.Name) }
func (*PoolExistsError) refusal()        {}

// Pools returns every pool but the system's own, by id.
func (s *Store) Pools(ctx context.Context) ([]session.Pool, error) {
	var out []session.Pool
	err := s.read(ctx, func(c *conn) error {
		return c.query(selectPool+` WHERE id <> 0 ORDER BY id`, func(r row) error {
			out = append(out, scanPool(r, 0))
			return nil
		})
	})
	return out, err
}

// PoolByName returns the pool of that name. Error: ErrNoPool.
func (s *Store) PoolByName(ctx context.Context, name string) (session.Pool, error) {
	var p session.Pool
	err := s.read(ctx, func(c *conn) error {
		var err error
		p, err = poolByName(c, name)
		return err
	})
	return p, err
}

// poolByName finds a pool, but never the system's, which has no name.
func poolByName(c *conn, name string) (session.Pool, error) {
	var p session.Pool
	found := false
	err := c.query(selectPool+` WHERE name = ? AND id <> 0`, func(r row) error {
		p, found = scanPool(r, 0), true
		return nil
	}, name)
	if err == nil && !found {
		err = fmt.Errorf("%w: %q", session.ErrNoPool, name)
	}
	return p, err
}

// CreatePool makes a pool with a seat limit, as an operator's choice: the
// configuration does not touch it. The caller has checked the name.
// Error: *PoolExistsError.
func (s *Store) CreatePool(ctx context.Context, name string, limit int) (session.Pool, error) {
	var made session.Pool
	err := s.write(ctx, func(t *tx) error {
		n, err := t.exec(`INSERT INTO pools (id, name, seat_limit, limit_set)
			SELECT MAX(id) + 1, ?, ?, 1 FROM pools WHERE true ON CONFLICT (name) DO NOTHING`, name, limit)
		if err != nil {
			return err
		}
		if n == 0 {
			return &PoolExistsError{Name: name}
		}
		p, err := poolByName(t.conn, name)
		if err != nil {
			return err
		}
		if err := t.emit(p.ID, session.Event{Type: session.PoolChanged}); err != nil {
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
