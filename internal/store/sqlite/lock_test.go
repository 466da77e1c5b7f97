package sqlite

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/turnike/turnike/internal/store"
)

func TestLockDir(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	if pid, running := ServerPID(dir); running || pid != 0 {
		t.Errorf("a server with pid %d runs where there is no directory", pid)
	}
	lock, err := LockDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if pid, running := ServerPID(dir); !running || pid != os.Getpid() {
		t.Errorf("pid %d, running %v", pid, running)
	}
	_, err = LockDir(dir)
	if e, ok := errors.AsType[*store.LockedError](err); !ok || e.PID != os.Getpid() || e.Dir != dir {
		t.Errorf("a second server: %v", err)
	}
	if err := lock.Close(); err != nil {
		t.Fatal(err)
	}
	if pid, running := ServerPID(dir); running || pid != 0 {
		t.Errorf("pid %d, running %v after the lock was given back", pid, running)
	}
	again, err := LockDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := again.Close(); err != nil {
		t.Fatal(err)
	}
}

// A server that starts while somebody asks whether one runs must not be turned
// away.
func TestLockDirBesideServerPID(t *testing.T) {
	dir := t.TempDir()
	lock, err := LockDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	lock.Close()
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			select {
			case <-stop:
				return
			default:
				ServerPID(dir)
			}
		}
	}()
	for range 50 {
		lock, err := LockDir(dir)
		if err != nil {
			t.Error(err)
			break
		}
		lock.Close()
	}
	close(stop)
	<-stopped
}
