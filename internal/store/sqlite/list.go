package sqlite

import (
	"context"

	"github.com/turnike/turnike/internal/account"
	"github.com/turnike/turnike/internal/session"
	"github.com/turnike/turnike/internal/store"
)

// Sessions implements store.Overview.
func (s *Store) Sessions(ctx context.Context) ([]store.SessionRow, error) {
	var out []store.SessionRow
	shift := s.Shift()
	err := s.read(ctx, func(c *conn) error {
		return c.query(`SELECT s.id, u.name, u.role, p.name, s.device, s.address, s.created_at, s.last_active, s.expires_at,
				EXISTS (SELECT 1 FROM connections c WHERE c.user_no = s.user_no AND c.session_id = s.id), t.state
			FROM sessions s JOIN users u ON u.no = s.user_no JOIN pools p ON p.id = s.pool_id
			LEFT JOIN seats t ON t.pool_id = u.pool_id AND t.user_no = s.user_no AND t.session_id = s.id
			WHERE s.ended_at IS NULL AND s.expires_at > ? ORDER BY u.canonical, s.no`, func(r row) error {
			out = append(out, store.SessionRow{ID: r.string(0), Username: r.string(1), Role: account.Role(r.string(2)),
				Pool: r.string(3), Device: r.string(4), Address: r.string(5), Since: r.time(6).Add(shift), LastActive: r.time(7).Add(shift),
				Expires: r.time(8).Add(shift), Connected: r.bool(9), Seat: session.SeatState(r.string(10))})
			return nil
		}, s.Now())
	})
	return out, err
}

// Users implements store.Overview.
func (s *Store) Users(ctx context.Context) ([]store.UserRow, error) {
	var out []store.UserRow
	err := s.read(ctx, func(c *conn) error {
		return c.query(`SELECT u.id, u.name, u.role, p.name, u.disabled, u.created_at FROM users u
			JOIN pools p ON p.id = u.pool_id WHERE u.canonical IS NOT NULL ORDER BY u.canonical`, func(r row) error {
			out = append(out, store.UserRow{ID: r.string(0), Name: r.string(1), Role: account.Role(r.string(2)), Pool: r.string(3),
				Disabled: r.bool(4), Created: r.time(5)})
			return nil
		})
	})
	return out, err
}
