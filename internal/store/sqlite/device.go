package sqlite

import (
	"context"

	"github.com/turnike/turnike/internal/session"
)

// writeDevice records a login from a device. A new device replaces the ones that
// were not seen for the longest time, because a client that keeps no cookies
// looks like a new device at each login.
func (t *tx) writeDevice(l loaded, d *session.Device) error {
	if d == nil {
		return nil
	}
	n, err := t.exec(`UPDATE devices SET seen_at = ? WHERE user_no = ? AND hash = ?`, d.Seen, l.no, d.Hash)
	if err != nil || n > 0 {
		return err
	}
	if _, err := t.exec(`INSERT INTO devices (user_no, hash, seen_at) VALUES (?, ?, ?)`, l.no, d.Hash, d.Seen); err != nil {
		return err
	}
	_, err = t.exec(`DELETE FROM devices WHERE user_no = ? AND hash IN (SELECT hash FROM devices
		WHERE user_no = ? AND hash <> ? ORDER BY seen_at DESC LIMIT -1 OFFSET ?)`, l.no, l.no, d.Hash, session.MaxDevices-1)
	return err
}

// KnownDevice implements store.Accounts.
func (s *Store) KnownDevice(ctx context.Context, user string, hash []byte) (bool, error) {
	known := false
	err := s.read(ctx, func(c *conn) error {
		return c.query(`SELECT 1 FROM devices d JOIN users u ON u.no = d.user_no
			WHERE u.id = ? AND d.hash = ? AND d.seen_at > ?`, func(row) error {
			known = true
			return nil
		}, user, hash, s.Now().Add(-session.DeviceLife))
	})
	return known, err
}
