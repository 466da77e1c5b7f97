package sqlite

import "context"

// Keys of the meta table that the store itself uses.
const (
	metaInstance = "instance"
	metaEpoch    = "epoch"
	metaBatch    = "batch"    // names the last batch that wrote without an event
	metaPos      = "pos"      // the position of the newest commit that has events
	metaDrain    = "draining" // since when, in milliseconds; deleted at the next start
)

const upsertMeta = `INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value`

// Instance implements store.Notes.
func (s *Store) Instance() string { return s.instance }

// Epoch implements store.Notes. [Store.Restart] sets it.
func (s *Store) Epoch(ctx context.Context) (string, error) { return s.Meta(ctx, metaEpoch) }

// Meta implements store.Notes.
func (s *Store) Meta(ctx context.Context, key string) (string, error) {
	value := ""
	err := s.read(ctx, func(c *conn) (err error) {
		value, err = readMeta(c, key)
		return err
	})
	return value, err
}

func readMeta(c *conn, key string) (string, error) {
	value := ""
	err := c.query(`SELECT value FROM meta WHERE key = ?`, func(r row) error {
		value = r.string(0)
		return nil
	}, key)
	return value, err
}

// SetMeta implements store.Notes.
func (s *Store) SetMeta(ctx context.Context, key, value string) error {
	return s.write(ctx, func(t *tx) error { return t.setMeta(key, value) })
}

func (t *tx) setMeta(key, value string) error {
	_, err := t.exec(upsertMeta, key, value)
	return err
}
