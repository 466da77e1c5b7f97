package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// Restoration is a database that will replace the one of a data directory. Until
// then it is in a directory of its own, where it can be opened and changed.
type Restoration struct {
	dir string // the data directory
}

// Unpack copies a backup, with its write-ahead log if it has one, and checks the
// copy. It does not change the backup. The caller holds the directory's lock, and
// finally calls Install or Discard. Errors: *NoDatabaseError, and errors of the
// file system.
func Unpack(ctx context.Context, dir, file string) (*Restoration, error) {
	r := &Restoration{dir: dir}
	given, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	if own, err := os.Stat(filepath.Join(dir, File)); err == nil && os.SameFile(own, given) {
		return nil, &NoDatabaseError{Path: file, Reason: "it is the database itself; name a backup"}
	}
	if !given.Mode().IsRegular() || given.Size() == 0 {
		return nil, &NoDatabaseError{Path: file, Reason: "it is not a database of Turnike"}
	}
	if err := errors.Join(os.RemoveAll(r.Dir()), os.Mkdir(r.Dir(), 0o700)); err != nil {
		return nil, err
	}
	path := filepath.Join(r.Dir(), File)
	err = copyTo(ctx, file, path)
	if log, e := os.Stat(file + "-wal"); err == nil && e == nil && log.Size() > 0 {
		err = copyTo(ctx, file+"-wal", path+"-wal")
	}
	if err == nil {
		err = intact(path)
	}
	if bad, ok := errors.AsType[*NoDatabaseError](err); ok {
		bad.Path = file
	}
	if err != nil {
		return nil, errors.Join(err, r.Discard())
	}
	return r, nil
}

// Dir returns the directory in which the unpacked database can be opened.
func (r *Restoration) Dir() string { return filepath.Join(r.dir, buildDir) }

// Discard deletes the unpacked database.
func (r *Restoration) Discard() error { return os.RemoveAll(r.Dir()) }

// ErrInUse says that another command has the database open.
var ErrInUse = errors.New("another command uses the database; try again when it has ended")

// Install puts the unpacked database, which must be closed, into place. It keeps
// the previous one and returns its new name, "" if there was none. After a crash
// one of the two is in place. Error: ErrInUse.
func (r *Restoration) Install(now time.Time) (kept string, err error) {
	err = exclusively(filepath.Join(r.dir, migrationFile), func() error {
		if kept, err = r.setAside(now); err != nil {
			return err
		}
		return errors.Join(os.Rename(filepath.Join(r.Dir(), File), filepath.Join(r.dir, File)), r.Discard(), syncDir(r.dir))
	})
	return kept, err
}

// setAside gives the present database a second name. A log and index, which are
// left only if it cannot be opened, are renamed: SQLite must not apply them to the
// new database.
func (r *Restoration) setAside(now time.Time) (string, error) {
	path := filepath.Join(r.dir, File)
	if err := r.settle(); err != nil {
		return "", err
	}
	kept := path + ".before-restore-" + now.UTC().Format("20060102T150405.000Z")
	for _, suffix := range []string{"-wal", "-shm"} {
		if err := os.Rename(path+suffix, kept+suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			return "", err
		}
	}
	err := os.Link(path, kept)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return "", nil
	case err != nil && !errors.Is(err, os.ErrExist): // no hard links on this file system
		err = os.Rename(path, kept)
	}
	return kept, err
}

// settle opens and closes the present database, so that SQLite applies its log. It
// leaves a damaged database as it is.
func (r *Restoration) settle() error {
	if there, err := inspect(r.dir); err != nil || !there {
		return nil // there is nothing to open
	}
	via, err := connector(Options{Dir: r.dir}.withDefaults(), false)
	if err != nil {
		return err
	}
	c, err := open(via)
	if err != nil {
		return nil // damaged: it is kept with its log
	}
	_, damaged := schemaOf(c)
	if err := c.close(); err != nil || damaged != nil {
		return nil
	}
	if _, err := os.Stat(filepath.Join(r.dir, File+"-wal")); err == nil {
		return ErrInUse
	}
	return nil
}

// copyTo copies a file to a new one and makes it durable.
func copyTo(ctx context.Context, from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, reader{ctx, in})
	if err = errors.Join(err, out.Sync(), out.Close()); err != nil {
		return fmt.Errorf("copy %s: %w", from, err)
	}
	return nil
}

// reader reads until ctx is done.
type reader struct {
	ctx context.Context
	io.Reader
}

func (r reader) Read(b []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.Reader.Read(b)
}
