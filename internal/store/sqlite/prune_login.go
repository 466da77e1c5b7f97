package sqlite

import (
	"context"
	"time"
)

// pruneFailedLogins takes a time and a number of rows. It deletes only events that
// prunePresence has passed, where readers expect gaps in the log.
const pruneFailedLogins = `DELETE FROM events WHERE (pool_id, log_seq) IN (
	SELECT e.pool_id, e.log_seq FROM events e JOIN pools p ON p.id = e.pool_id
	WHERE e.type = 'login_failed' AND e.at < ? AND e.log_seq <= p.pruned_seq ORDER BY e.at LIMIT ?)`

// PruneFailedLogins implements session.Store.
func (s *Store) PruneFailedLogins(ctx context.Context, before time.Time) error {
	return s.sliced(ctx, func(t *tx) (int64, error) { return t.exec(pruneFailedLogins, before, pruneSlice) })
}
