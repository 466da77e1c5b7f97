package app

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/turnike/turnike/internal/store"
	"github.com/turnike/turnike/internal/store/sqlite"
)

// This file alone knows which store there is: SQLite in the data directory.
// Everything else uses the ports of package store.

// OpenStore opens the store of a data directory for the server.
func OpenStore(ctx context.Context, data string, log *slog.Logger) (store.Store, error) {
	return opened(sqlite.Open(ctx, sqlite.Options{Dir: data, Log: log}))
}

// OpenStoreForCommand opens the store for a command, which may run beside the
// server [T1].
func OpenStoreForCommand(ctx context.Context, data string, log *slog.Logger) (store.Store, error) {
	return opened(sqlite.Open(ctx, sqlite.Options{Dir: data, Log: log, Command: true}))
}

// opened keeps a nil *sqlite.Store out of the interface.
func opened(s *sqlite.Store, err error) (store.Store, error) {
	if err != nil {
		return nil, err
	}
	return s, nil
}

// NoDatabase reports whether the data directory has no database.
func NoDatabase(data string) bool {
	_, err := os.Stat(filepath.Join(data, sqlite.File))
	return errors.Is(err, os.ErrNotExist)
}

// Lock is the right to serve from a data directory; Close gives it back.
type Lock interface {
	io.Closer
	// Serve says that its holder serves now: commands go by its clock [T1].
	Serve() error
}

// LockData reserves the data directory. Error: *store.LockedError.
func LockData(data string) (Lock, error) {
	lock, err := sqlite.LockDir(data)
	if err != nil {
		return nil, err
	}
	return lock, nil
}

// ServerPID reports whether a server runs on the data directory, and its process
// id (0 while it is not known).
func ServerPID(data string) (int, bool) { return sqlite.ServerPID(data) }

// CopyDatabase writes a copy of the database to a new file, as of one commit.
// Error: fs.ErrExist.
func CopyDatabase(ctx context.Context, data, file string) error {
	return sqlite.Backup(ctx, data, file)
}

// Restoration is a backup unpacked beside the database that it will replace.
type Restoration interface {
	// Dir returns the directory in which it can be opened.
	Dir() string
	// Install puts it in place, and returns the name under which the previous
	// database is kept, "" if there was none.
	Install(now time.Time) (kept string, err error)
	// Discard deletes it.
	Discard() error
}

// UnpackBackup checks a backup and unpacks it. The caller holds the lock.
func UnpackBackup(ctx context.Context, data, file string) (Restoration, error) {
	unpacked, err := sqlite.Unpack(ctx, data, file)
	if err != nil {
		return nil, err
	}
	return unpacked, nil
}
