package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"modernc.org/sqlite"
)

// Backup writes a copy of the database to a new file, as of one commit, also
// while a server runs. Only the owner can read the file. It appears under its name
// once it is complete, checked and on the disk.
// Errors: fs.ErrExist, *LostError.
func Backup(ctx context.Context, dir, file string) (err error) {
	if _, err := os.Lstat(file); err == nil {
		return &os.PathError{Op: "write", Path: file, Err: os.ErrExist}
	}
	if _, err := inspect(dir); err != nil {
		return err
	}
	target, err := os.CreateTemp(filepath.Dir(file), ".turnike-backup-*") // mode 0600
	if err != nil {
		return err
	}
	defer func() {
		err = errors.Join(err, target.Close())
		if gone := os.Remove(target.Name()); !errors.Is(gone, os.ErrNotExist) {
			err = errors.Join(err, gone)
		}
	}()
	if err := copyInto(ctx, dir, target.Name()); err != nil {
		return err
	}
	if err := intact(target.Name()); err != nil {
		return err
	}
	if err := target.Sync(); err != nil {
		return err
	}
	return errors.Join(publish(target.Name(), file), syncDir(filepath.Dir(file)))
}

// copyInto copies the database into an empty file. A server never waits for it.
func copyInto(ctx context.Context, dir, target string) error {
	via, err := connector(Options{Dir: dir}.withDefaults(), false)
	if err != nil {
		return err
	}
	c, err := open(via)
	if err != nil {
		return err
	}
	_, err = c.driver.(driver.ExecerContext).ExecContext(ctx, `VACUUM INTO ?`, []driver.NamedValue{{Ordinal: 1, Value: target}})
	return errors.Join(err, c.close())
}

// publish renames a file unless the new name is taken. If the file system has no
// hard links, it reserves the name with an empty file and then replaces that.
func publish(from, to string) error {
	err := os.Link(from, to)
	if err == nil || errors.Is(err, os.ErrExist) {
		return err
	}
	taken, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if err := errors.Join(taken.Close(), os.Rename(from, to)); err != nil {
		return errors.Join(err, os.Remove(to))
	}
	return nil
}

// NoDatabaseError says that a file is not a database of this program, or is
// damaged.
type NoDatabaseError struct {
	Path   string
	Reason string
}

func (e *NoDatabaseError) Error() string { return fmt.Sprintf("%s: %s", e.Path, e.Reason) }

// intact checks that a file is an undamaged database of this program.
// Error: *NoDatabaseError.
func intact(path string) error {
	via, err := sqlite.NewConnector((&url.URL{Scheme: "file", Path: filepath.ToSlash(absolute(path)), RawQuery: "mode=rw"}).String())
	if err != nil {
		return err
	}
	c, err := open(via)
	if err != nil {
		return &NoDatabaseError{Path: path, Reason: err.Error()}
	}
	return errors.Join(examine(c, path), c.close())
}

func examine(c *conn, path string) error {
	var damage []string
	err := c.query(`PRAGMA integrity_check(1)`, func(r row) error {
		if text := r.string(0); text != "ok" {
			damage = append(damage, text)
		}
		return nil
	})
	if err != nil {
		return &NoDatabaseError{Path: path, Reason: "it is damaged or not a database: " + err.Error()}
	}
	if len(damage) > 0 {
		return &NoDatabaseError{Path: path, Reason: "it is damaged: " + strings.Join(damage, "; ")}
	}
	schema, err := schemaOf(c)
	instance, noMeta := "", err
	if err == nil {
		instance, noMeta = readMeta(c, metaInstance)
	}
	if err != nil || noMeta != nil || schema == 0 || instance == "" {
		return &NoDatabaseError{Path: path, Reason: "it is not a database of Turnike"}
	}
	return nil
}

// absolute returns the absolute path, which a URL needs.
func absolute(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}
