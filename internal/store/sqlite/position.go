package sqlite

import (
	"fmt"
	"strconv"

	"github.com/turnike/turnike/internal/session"
)

// readPos reads the position of the newest commit that has events; 0 before the
// first one.
func readPos(c *conn) (session.Pos, error) {
	text, err := readMeta(c, metaPos)
	if err != nil || text == "" {
		return 0, err
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("the position of the log: %w", err)
	}
	return session.Pos(n), nil
}

// position returns the transaction's own position: the next number after the
// newest one. It is taken at the first event, so a commit without events has none.
func (t *tx) position() (session.Pos, error) {
	if t.pos == 0 {
		if t.mirror.pos == nil {
			newest, err := readPos(t.conn)
			if err != nil {
				return 0, err
			}
			t.mirror.pos = &newest
		}
		t.pos = *t.mirror.pos + 1
	}
	return t.pos, nil
}

// advance writes the counter, where the transaction has events.
func (t *tx) advance() error {
	if len(t.events) == 0 {
		return nil
	}
	_, err := t.conn.exec(upsertMeta, metaPos, strconv.FormatInt(int64(t.pos), 10))
	return err
}
