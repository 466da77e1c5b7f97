package main

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

// openStore opens the store of a data directory for the server.
func openStore(ctx context.Context, data string, log *slog.Logger) (store.Store, error) {
	return opened(sqlite.Open(ctx, sqlite.Options{Dir: data, Log: log}))
}

// openStoreForCommand opens the store for a command, which may run beside the
// server [T1].
func openStoreForCommand(ctx context.Context, data string, log *slog.Logger) (store.Store, error) {
	return opened(sqlite.Open(ctx, sqlite.Options{Dir: data, Log: log, Command: true}))
}

// opened keeps a nil *sqlite.Store out of the interface.
func opened(s *sqlite.Store, err error) (store.Store, error) {
	if err != nil {
		return nil, err
	}
	return s, nil
}

// noDatabase reports whether the data directory has no database.
func noDatabase(data string) bool {
	_, err := os.Stat(filepath.Join(data, sqlite.File))
	return errors.Is(err, os.ErrNotExist)
}

// lockData reserves the data directory for one server; Close releases it.
// Error: *store.LockedError.
func lockData(data string) (io.Closer, error) {
	lock, err := sqlite.LockDir(data)
	if err != nil {
		return nil, err
	}
	return lock, nil
}

// serverPID reports whether a server runs on the data directory, and its process
// id (0 while it is not known).
func serverPID(data string) (int, bool) { return sqlite.ServerPID(data) }

// copyDatabase writes a copy of the database to a new file, as of one commit.
// Error: fs.ErrExist.
func copyDatabase(ctx context.Context, data, file string) error {
	return sqlite.Backup(ctx, data, file)
}

// restoration is a backup unpacked beside the database that it will replace.
type restoration interface {
	// Dir returns the directory in which it can be opened.
	Dir() string
	// Install puts it in place, and returns the name under which the previous
	// database is kept, "" if there was none.
	Install(now time.Time) (kept string, err error)
	// Discard deletes it.
	Discard() error
}

// unpackBackup checks a backup and unpacks it. The caller holds the lock.
func unpackBackup(ctx context.Context, data, file string) (restoration, error) {
	unpacked, err := sqlite.Unpack(ctx, data, file)
	if err != nil {
		return nil, err
	}
	return unpacked, nil
}
