package sqlite

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/turnike/turnike/internal/account"
	"github.com/turnike/turnike/internal/session"
	"github.com/turnike/turnike/internal/store"
)

// version reads the schema's version, or sets it.
func version(t *testing.T, dir string, set int64) int64 {
	t.Helper()
	via, err := connector(Options{Dir: dir}.withDefaults(), false)
	if err != nil {
		t.Fatal(err)
	}
	c, err := open(via)
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	if set > 0 {
		if _, err := c.exec(`DELETE FROM goose_db_version WHERE version_id > ?`, set); err != nil {
			t.Fatal(err)
		}
	}
	have, err := schemaOf(c)
	if err != nil {
		t.Fatal(err)
	}
	return have
}

// older makes a directory whose database is of the schema before the present one.
func older(t *testing.T) (dir string, present int64) {
	t.Helper()
	dir = t.TempDir()
	s, err := Open(t.Context(), Options{Dir: dir, Log: quiet()})
	if err != nil {
		t.Fatal(err)
	}
	present = version(t, dir, 0)
	err = s.control(func(w *writer) error {
		for _, query := range []string{`ALTER TABLE events DROP COLUMN pos`, `DELETE FROM meta WHERE key = 'pos'`, `DROP TABLE nodes`,
			`CREATE TABLE nodes (id TEXT NOT NULL, pool_id INTEGER NOT NULL, log_seq INTEGER NOT NULL, PRIMARY KEY (id, pool_id)) WITHOUT ROWID`} {
			if _, err := w.conn.exec(query); err != nil {
				return err
			}
		}
		return nil
	})
	if err := errors.Join(err, s.Close()); err != nil {
		t.Fatal(err)
	}
	version(t, dir, present-1)
	return dir, present
}

// A command of a newer program leaves the database of a running server as it is:
// the server, started again, could not read it any more.
func TestACommandDoesNotMigrateUnderAServer(t *testing.T) {
	dir, present := older(t)
	lock, err := LockDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	s, err := Open(t.Context(), Options{Dir: dir, Log: quiet(), Command: true})
	if err == nil {
		s.Close()
		t.Fatal("it was opened")
	}
	for _, want := range []string{"a server runs", "restart the server"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error %q, without %q", err, want)
		}
	}
	if have := version(t, dir, 0); have != present-1 {
		t.Errorf("the schema is %d, was %d", have, present-1)
	}
	if err := lock.Close(); err != nil {
		t.Fatal(err)
	}
	// Without a server it may, and so may the server itself.
	for name, command := range map[string]bool{"a command alone": true, "the server": false} {
		t.Run(name, func(t *testing.T) {
			dir, present := older(t)
			if !command {
				lock, err := LockDir(dir)
				if err != nil {
					t.Fatal(err)
				}
				defer lock.Close()
			}
			s, err := Open(t.Context(), Options{Dir: dir, Log: quiet(), Command: command})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			if have := version(t, dir, 0); have != present {
				t.Errorf("the schema is %d, want %d", have, present)
			}
		})
	}
}

// Nor does a command make a new database where a server has lost its own.
func TestACommandMakesNoDatabaseUnderAServer(t *testing.T) {
	dir := t.TempDir()
	lock, err := LockDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	if s, err := Open(t.Context(), Options{Dir: dir, Log: quiet(), Command: true}); err == nil {
		s.Close()
		t.Error("it was made")
	}
	if _, err := os.Stat(filepath.Join(dir, File)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the file: %v", err)
	}
}

// A database is made whole or not at all, so an empty file was one.
func TestALostDatabaseStopsTheStart(t *testing.T) {
	for name, lose := range map[string]func(t *testing.T, file string) error{
		"0 bytes": func(_ *testing.T, file string) error { return os.Truncate(file, 0) },
		"its log alone": func(_ *testing.T, file string) error {
			return errors.Join(os.WriteFile(file+"-wal", []byte("frames"), 0o600), os.Remove(file))
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s, err := Open(t.Context(), Options{Dir: dir, Log: quiet()})
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(s.CreateUsers(t.Context(), session.ByCLI("test"), []store.NewUser{{Name: "ada", Role: account.RoleUser}}), s.Close()); err != nil {
				t.Fatal(err)
			}
			if err := lose(t, filepath.Join(dir, File)); err != nil {
				t.Fatal(err)
			}
			before := listing(t, dir)
			if s, err = Open(t.Context(), Options{Dir: dir, Log: quiet()}); err == nil {
				s.Close()
				t.Fatal("a new database was made")
			}
			if !strings.Contains(err.Error(), "turnike restore") || !strings.Contains(err.Error(), filepath.Join(dir, File)) {
				t.Errorf("error %q", err)
			}
			if after := listing(t, dir); after != before {
				t.Errorf("the directory is %q, was %q", after, before)
			}
		})
	}
}

// listing is the names in a directory.
func listing(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return strings.Join(names, " ")
}

// What a first start that was killed has left behind is no hindrance.
func TestACreationThatWasCutOff(t *testing.T) {
	dir := t.TempDir()
	left := filepath.Join(dir, buildDir)
	if err := errors.Join(os.Mkdir(left, 0o700), os.WriteFile(filepath.Join(left, File), []byte("half"), 0o600)); err != nil {
		t.Fatal(err)
	}
	s, err := Open(t.Context(), Options{Dir: dir, Log: quiet()})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if got := listing(t, dir); got != "migration.lock turnike.db" {
		t.Errorf("the directory has %q", got)
	}
	info, err := os.Stat(filepath.Join(dir, File))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
}
