package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// buildDir is the directory, inside the data directory, in which a new database
// is built before it is moved into place.
const buildDir = "turnike.db.new"

// LostError says that the directory had a database, which is lost.
type LostError struct {
	Path string
	What string // what is left of it
}

func (e *LostError) Error() string {
	return fmt.Sprintf("%s %s: the database that was there is lost; put its files back, restore a backup with: turnike restore FILE, "+
		"or delete what is left of it to begin with an empty one", e.Path, e.What)
}

// create creates the directory and the database, readable by the owner only, or
// brings the schema of an existing database up to date. Errors: *LostError,
// *ServedError.
func create(ctx context.Context, opts Options) error {
	if err := os.MkdirAll(opts.Dir, 0o700); err != nil {
		return err
	}
	return exclusively(filepath.Join(opts.Dir, migrationFile), func() error {
		there, err := inspect(opts.Dir)
		if err != nil {
			return err
		}
		if there {
			return upgrade(ctx, opts)
		}
		if err := opts.unserved("makes no database"); err != nil {
			return err
		}
		return build(ctx, opts)
	})
}

// inspect reports whether there is a database. A database is created whole or
// not at all. So an empty file, or a write-ahead log without a database, means
// that the database was lost. Error: *LostError.
func inspect(dir string) (bool, error) {
	path := filepath.Join(dir, File)
	info, err := os.Stat(path)
	if err == nil && info.Size() == 0 {
		return false, &LostError{Path: path, What: "is empty (0 bytes)"}
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return err == nil, err
	}
	// SQLite would apply this log to the new database.
	if log, err := os.Stat(path + "-wal"); err == nil && log.Size() > 0 {
		return false, &LostError{Path: path, What: "is missing, but its log " + log.Name() + " is there"}
	}
	return false, nil
}

// build builds an empty database in buildDir and moves it into place.
func build(ctx context.Context, opts Options) error {
	aside := opts
	aside.Dir = filepath.Join(opts.Dir, buildDir)
	if err := errors.Join(os.RemoveAll(aside.Dir), os.Mkdir(aside.Dir, 0o700)); err != nil {
		return err
	}
	path := filepath.Join(aside.Dir, File)
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if err := errors.Join(f.Close(), upgrade(ctx, aside)); err != nil {
		return err
	}
	return errors.Join(os.Rename(path, filepath.Join(opts.Dir, File)), os.RemoveAll(aside.Dir), syncDir(opts.Dir))
}

// upgrade brings the schema up to date.
func upgrade(ctx context.Context, opts Options) error {
	c, err := connector(opts, false)
	if err != nil {
		return err
	}
	db := sql.OpenDB(c)
	return errors.Join(migrate(ctx, db, opts), db.Close())
}

// syncDir makes the renames in a directory durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// ServedError says that a command must not do something while a server runs.
type ServedError struct {
	PID  int    // of the server; 0 if it is not known
	What string // what the command does not do
}

func (e *ServedError) Error() string {
	return fmt.Sprintf("a server runs on the data directory (process id %d), and a command %s meanwhile", e.PID, e.What)
}

// unserved returns a *ServedError if this is a command and a server runs.
func (o Options) unserved(what string) error {
	if !o.Command {
		return nil
	}
	if pid, running := ServerPID(o.Dir); running {
		return &ServedError{PID: pid, What: what}
	}
	return nil
}
