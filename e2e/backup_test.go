package e2e

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/turnike/turnike/e2e/harness"
	"github.com/turnike/turnike/internal/store/sqlite"
)

// TestA7_BackupAndRestore: after restoring a backup of a running server, its sessions
// have ended with a reason, and later changes are gone.
func TestA7_BackupAndRestore(t *testing.T) {
	t.Parallel()
	s := harness.Start(t)
	ali := s.Login("ali")
	s.Socket(ali).Register()
	file := filepath.Join(t.TempDir(), "copy.db")
	s.Must("backup", file)
	s.Must("pool", "set", "later", "--limit", "4")
	veli := s.Login("veli")
	if r := s.CLI("restore", file); r.Code != 1 || r.Out != "" || r.Line(t) == "" {
		t.Errorf("under a running server: %+v", r)
	}
	s.Bearer(veli).Get("/socket").Want(200)
	s.Stop()
	s.Must("restore", file)
	s.Run()
	s.Bearer(ali).Get("/socket").Problem(401, "ended_by_admin")
	s.Bearer(veli).Get("/socket").Problem(401, "invalid_token")
	s.Used(0)
	if r := s.CLI("pool", "set", "later", "--policy", "deny"); r.Code != 1 {
		t.Errorf("the pool that was made later: %+v", r)
	}
	s.Socket(s.Login("ali")).Register()
	onlyOwner(t, s.Data)
}

// TestI6_ADeletedDatabase: the server is not ready and reports why, accepts no login
// that would be lost at the next start, and is ready again once the file is restored.
func TestI6_ADeletedDatabase(t *testing.T) {
	t.Parallel()
	s := harness.Start(t)
	token := s.Login("ali")
	file := filepath.Join(s.Data, sqlite.File)
	if err := errors.Join(os.Link(file, file+".kept"), os.Remove(file)); err != nil {
		t.Fatal(err)
	}
	b := s.Browser()
	b.Get("/readyz").Problem(503, "store_unavailable")
	b.Get("/healthz").Want(200)
	b.TryLogin("veli", harness.Password).Problem(503, "store_unavailable")
	s.Bearer(token).Get("/socket").Want(200) // users inside are served
	harness.Eventually(t, "it says so", func() bool { return len(s.Logged("the database cannot be written")) == 1 })
	if r := s.CLI("pool", "set", "new", "--limit", "4"); r.Code != 1 {
		t.Errorf("a command beside it: %+v", r)
	}
	if _, err := os.Stat(file); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a new database: %v", err)
	}
	if err := os.Rename(file+".kept", file); err != nil {
		t.Fatal(err)
	}
	harness.Eventually(t, "it is ready again", func() bool { return b.Get("/readyz").Status == 200 })
	b.TryLogin("veli", harness.Password).Want(200)
}
