package sqlstore

import (
	"encoding/json"
	"fmt"

	"github.com/turnike/turnike/internal/session"
)

// The classes of events: how long they are kept.
const (
	classPresence = "presence"
	classAudit    = "audit"
)

func class(t session.EventType) string {
	if t.Audit() {
		return classAudit
	}
	return classPresence
}

// encodeEvent is the event without what has a column of its own.
func encodeEvent(e session.Event) (string, error) {
	b, err := json.Marshal(e)
	return string(b), err
}

// eventsAfter reads at most n events of a pool that come after one, in order.
func eventsAfter(c *conn, pool session.PoolID, after int64, n int, each func(session.Event)) error {
	return c.query(`SELECT log_seq, at, type, data FROM events WHERE pool_id = ? AND log_seq > ?
		ORDER BY log_seq LIMIT ?`, func(r row) error {
		var e session.Event
		if err := json.Unmarshal([]byte(r.string(3)), &e); err != nil {
			return fmt.Errorf("event %d of pool %d: %w", r.int64(0), pool, err)
		}
		e.Pool, e.LogSeq, e.At, e.Type = pool, r.int64(0), r.time(1), session.EventType(r.string(2))
		each(e)
		return nil
	}, int64(pool), after, n)
}

// sameEvent tells whether two events are written the same.
func sameEvent(a, b session.Event) bool {
	x, errX := encodeEvent(a)
	y, errY := encodeEvent(b)
	return errX == nil && errY == nil && x == y && a.Pool == b.Pool && a.LogSeq == b.LogSeq && a.Type == b.Type &&
		a.At.Equal(b.At)
}
