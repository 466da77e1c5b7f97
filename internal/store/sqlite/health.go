package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// probeInterval is how often the store checks that its file exists and, after a
// write has failed, tries one of its own.
const probeInterval = time.Second

// probeSize is how many bytes a probe writes: more than a full batch. A smaller
// probe could fit into the last block of a full disk and succeed although no login
// can be written.
const probeSize = 256 << 10

// metaProbe is the key under which a probe writes.
const metaProbe = "probe"

// movedError says that the file of the database was moved or replaced. Whatever was
// committed now would be lost at the next start.
type movedError struct{ path string }

func (e *movedError) Error() string {
	return fmt.Sprintf("the database file %s was removed or replaced while the server runs: nothing is written any more; "+
		"put the file back, or stop the server and restore a backup", e.path)
}

func isMoved(err error) bool {
	_, ok := errors.AsType[*movedError](err)
	return ok
}

// Ready implements store.Health. After a failed write the store is ready again
// once a probe was committed.
func (s *Store) Ready(ctx context.Context) error {
	if err := s.present(); err != nil {
		return unavailable(err)
	}
	if err := s.down.Load(); err != nil {
		return unavailable(*err)
	}
	return s.Ping(ctx)
}

// present checks that the file of the database is still the one that was opened.
// Errors: *movedError, and errors of the file system.
func (s *Store) present() error {
	path := filepath.Join(s.opts.Dir, File)
	info, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) || err == nil && !os.SameFile(info, s.file) {
		return &movedError{path: path}
	}
	return err
}

// fell records that the database cannot be written, and logs it once.
func (w *writer) fell(err error) {
	if old := w.store.down.Swap(&err); old == nil || isMoved(err) && !isMoved(*old) {
		w.store.opts.Log.Error("the database cannot be written", "error", err)
	}
}

// inspect regularly checks that the file exists, and tries a write if the last one
// failed. So an idle server notices the start and the end of an outage.
func (w *writer) inspect() {
	if time.Since(w.inspected) < w.store.opts.probe {
		return
	}
	w.inspected = time.Now()
	if w.store.down.Load() != nil {
		w.probe()
	} else if err := w.store.present(); err != nil {
		w.fell(err)
	}
}

// probe writes probeSize bytes and deletes them. If both are committed, the database
// counts as writable again.
func (w *writer) probe() {
	err := w.alone(upsertMeta, metaProbe, strings.Repeat("x", probeSize))
	if err == nil {
		err = w.alone(`DELETE FROM meta WHERE key = ?`, metaProbe)
	}
	if err != nil {
		w.fell(err)
		return
	}
	w.store.opts.Log.Info("the database can be written again")
	w.store.down.Store(nil)
}

// alone runs one statement in a separate transaction.
func (w *writer) alone(query string, args ...any) error {
	if err := w.store.present(); err != nil {
		return err
	}
	if err := w.connect(); err != nil {
		return err
	}
	if _, err := w.conn.exec(beginWrite); err != nil {
		if !busy(err) {
			w.disconnect()
		}
		return err
	}
	w.conn.failed = nil
	_, err := w.conn.exec(query, args...)
	if err == nil {
		err = w.commit(w.conn)
	}
	if err != nil {
		w.rollback()
	}
	return err
}
