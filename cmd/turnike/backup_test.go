package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/turnike/turnike/internal/session"

	"github.com/turnike/turnike/internal/app"
	"github.com/turnike/turnike/internal/store/sqlite"
)

// backup makes a directory with a running server that ada is inside of, and a
// backup of it.
func backup(t *testing.T) (s *shell, file string, in session.Session) {
	t.Helper()
	s = newShell(t)
	s.add("ada", "bob")
	store, core := s.open()
	in = s.login(store, core, "ada")
	if err := core.Register(t.Context(), session.ByUser(in.User), session.Registration{User: in.User, Session: in.ID, Conn: "conn-1"}); err != nil {
		t.Fatal(err)
	}
	file = filepath.Join(t.TempDir(), "copy.db")
	out := s.must("", "backup", file) // while the store is open
	if !strings.Contains(out, file) || !strings.Contains(out, "token.key") {
		t.Errorf("it says %q", out)
	}
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("the backup: %v, %v", info, err)
	}
	return s, file, in
}

// files are the names in a directory that are not locks.
func files(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		if e.Name() != "lock" && e.Name() != "migration.lock" {
			names = append(names, e.Name())
		}
	}
	return names
}

func TestBackupIsWholeOrNotAtAll(t *testing.T) {
	s, file, _ := backup(t)
	before, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	s.fails(exitFailed, []string{file, "exists already"}, "", "backup", file)
	if after, err := os.ReadFile(file); err != nil || string(after) != string(before) {
		t.Errorf("an older backup was changed: %v", err)
	}
	s.fails(exitFailed, []string{"cannot write the backup"}, "", "backup", filepath.Join(filepath.Dir(file), "nowhere", "copy.db"))
	if names := files(t, filepath.Dir(file)); len(names) != 1 {
		t.Errorf("beside the backup there is %v", names)
	}
	s.data = t.TempDir()
	s.fails(exitFailed, []string{"no database"}, "", "backup", filepath.Join(s.data, "copy.db"))
}

// A7: whatever was live when the backup was made is ended, and who logs in at
// this moment is refused by the version of the credentials.
func TestA7_RestoreEndsEverySession(t *testing.T) {
	s, file, in := backup(t)
	s.data = filepath.Join(t.TempDir(), "elsewhere") // another machine
	out := s.must("", "restore", file)
	for _, want := range []string{"accounts 2", "sessions ended 1", "no token keys", "turnike serve"} {
		if !strings.Contains(out, want) {
			t.Errorf("it says %q, without %q", out, want)
		}
	}
	if names := files(t, s.data); len(names) != 1 || names[0] != sqlite.File {
		t.Errorf("the directory has %v", names)
	}
	store, core := s.open()
	_, _, err := core.Session(t.Context(), in.ID)
	if ended, ok := errors.AsType[*session.EndedError](err); !ok || ended.Code != session.EndedByAdmin {
		t.Errorf("the session: %v", err)
	}
	for _, name := range []string{"ada", "bob"} {
		if u, err := store.UserByName(t.Context(), name); err != nil || u.CredVersion != 2 {
			t.Errorf("%s: %+v, %v", name, u, err)
		}
	}
	if p, entries, err := store.Snapshot(t.Context(), 1); err != nil || p.Used() != 0 || len(entries) != 0 {
		t.Errorf("inside are %v of %+v, %v", entries, p, err)
	}
	if epoch, err := store.Epoch(t.Context()); err != nil || epoch == "" {
		t.Errorf("epoch %q, %v", epoch, err)
	}
}

func TestRestoreKeepsTheDatabaseBefore(t *testing.T) {
	s, file, _ := backup(t)
	s.add("cem")
	other := &shell{t: t, data: filepath.Join(t.TempDir(), "data"), env: s.env}
	other.add("zoe")
	lock, err := app.LockData(other.data)
	if err != nil {
		t.Fatal(err)
	}
	other.fails(exitFailed, []string{"in use by the server", "stop it"}, "", "restore", file)
	if err := lock.Close(); err != nil {
		t.Fatal(err)
	}
	store, _ := other.open() // a command that is still at work
	other.fails(exitFailed, []string{"another command uses the database"}, "", "restore", file)
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	out := other.must("", "restore", file)
	names := files(t, other.data)
	if len(names) != 2 || !strings.Contains(out, names[1]) || !strings.HasPrefix(names[1], sqlite.File+".before-restore-") {
		t.Fatalf("the directory has %v; it said %q", names, out)
	}
	if out := other.must("", "user", "list"); !strings.Contains(out, "ada") || strings.Contains(out, "zoe") || strings.Contains(out, "cem") {
		t.Errorf("accounts %q", out)
	}
	other.must("", "restore", filepath.Join(other.data, names[1])) // and back
	if out := other.must("", "user", "list"); strings.Contains(out, "ada") || !strings.Contains(out, "zoe") {
		t.Errorf("accounts %q", out)
	}
}

// What is no intact database of Turnike changes nothing.
func TestRestoreRefuses(t *testing.T) {
	s, file, _ := backup(t)
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	target := &shell{t: t, data: filepath.Join(t.TempDir(), "data"), env: s.env}
	target.add("zoe")
	damaged := []byte(string(whole))
	for i := range 4096 { // a page in the middle
		damaged[len(damaged)/2/4096*4096+i] = 0xA5
	}
	for name, c := range map[string]struct {
		content []byte
		word    string
	}{
		"nothing":   {nil, "not a database of Turnike"},
		"text":      {[]byte(strings.Repeat("not a database\n", 100)), "not a database"},
		"cut off":   {whole[:len(whole)-2*4096], "damaged"},
		"scribbled": {damaged, "damaged"},
	} {
		t.Run(name, func(t *testing.T) {
			bad := filepath.Join(t.TempDir(), "bad.db")
			if err := os.WriteFile(bad, c.content, 0o600); err != nil {
				t.Fatal(err)
			}
			target.fails(exitFailed, []string{bad, c.word}, "", "restore", bad)
		})
	}
	target.fails(exitFailed, []string{"the database itself"}, "", "restore", filepath.Join(target.data, sqlite.File))
	target.fails(exitFailed, []string{"no such file"}, "", "restore", filepath.Join(target.data, "nothing.db"))
	if names := files(t, target.data); len(names) != 1 {
		t.Errorf("the directory has %v", names)
	}
	if out := target.must("", "user", "list"); !strings.Contains(out, "zoe") {
		t.Errorf("accounts %q", out)
	}
}

// A lost database is what a restore is for.
func TestRestoreOverALostDatabase(t *testing.T) {
	for name, content := range map[string]string{"0 bytes": "", "rubbish": strings.Repeat("rubbish ", 1000)} {
		t.Run(name, func(t *testing.T) {
			s, file, _ := backup(t)
			s.data = t.TempDir()
			path := filepath.Join(s.data, sqlite.File)
			if err := errors.Join(os.WriteFile(path, []byte(content), 0o600), os.WriteFile(path+"-wal", []byte("frames"), 0o600)); err != nil {
				t.Fatal(err)
			}
			s.must("", "restore", file)
			if out := s.must("", "user", "list"); !strings.Contains(out, "ada") {
				t.Errorf("accounts %q", out)
			}
			kept, err := filepath.Glob(path + ".before-restore-*")
			if err != nil || len(kept) == 0 {
				t.Fatalf("%v, %v", kept, err)
			}
			if raw, err := os.ReadFile(kept[0]); err != nil || string(raw) != content {
				t.Errorf("%d bytes of the file before are kept, %v", len(raw), err)
			}
		})
	}
}

// A live database that was copied with cp has its newest changes in the log
// beside it; they are taken along.
func TestRestoreTakesTheLogAlong(t *testing.T) {
	s := newShell(t)
	s.add("ada")
	store, _ := s.open()
	s.add("bob")
	copied := filepath.Join(t.TempDir(), "copy.db")
	for _, suffix := range []string{"", "-wal"} {
		raw, err := os.ReadFile(filepath.Join(s.data, sqlite.File+suffix))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(copied+suffix, raw, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	s.data = t.TempDir()
	s.must("", "restore", copied)
	if out := s.must("", "user", "list"); !strings.Contains(out, "bob") {
		t.Errorf("accounts %q", out)
	}
}
