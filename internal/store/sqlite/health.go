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

// probeInterval is how often the store looks whether its file is there, and tries
// a write of its own while it cannot be written.
const probeInterval = time.Second

// probeSize is how much a probe writes, in bytes: more than a full batch does. A
// smaller one may fit into the last block of a full disk and report a database
// that takes no login.
const probeSize = 256 << 10

// metaProbe is the key of what a probe writes and deletes again.
const metaProbe = "probe"

// movedError says that the file of the database is not at its place any more.
// What was committed now would be gone at the next start.
type movedError struct{ path string }

func (e *movedError) Error() string {
	return fmt.Sprintf("the database file %s was removed or replaced while the server runs: nothing is written any more; "+
		"put the file back, or stop the server and restore a backup", e.path)
}

func isMoved(err error) bool {
	_, ok := errors.AsType[*movedError](err)
	return ok
}

// Ready reports whether the store can be read and written: nil, or
// ErrUnavailable with the reason. After a write has failed it is ready again
// when a probe was committed.
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
// Error: *movedError, and what the file system says.
func (s *Store) present() error {
	path := filepath.Join(s.opts.Dir, File)
	info, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) || err == nil && !os.SameFile(info, s.file) {
		return &movedError{path: path}
	}
	return err
}

// fell notes that nothing can be written, and logs it when that is news.
func (w *writer) fell(err error) {
	if old := w.store.down.Swap(&err); old == nil || isMoved(err) && !isMoved(*old) {
		w.store.opts.Log.Error("the database cannot be written", "error", err)
	}
}

// inspect looks once in a while whether the file is there, and tries a write when
// the last one failed: an idle server notices both ends of an outage.
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

// probe ends the state that nothing can be written when a write of probeSize
// commits, and its removal does.
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

// alone commits one statement in a transaction of its own.
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
