package sqlite

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/turnike/turnike/internal/store"
)

const (
	lockFile      = "lock"           // held by the server that runs on the directory
	migrationFile = "migration.lock" // held while the schema is brought up to date
)

// lockPatience is how long LockDir tries: [ServerPID] holds the lock for an
// instant to find out whether anybody does.
const lockPatience = 200 * time.Millisecond

// DirLock is the right to serve from a data directory: on SQLite it is the
// lease, one server per directory. The system takes it back when the process
// ends, however it ends.
type DirLock struct{ file *os.File }

// LockDir makes the directory where there is none and takes its lock.
// Error: *store.LockedError.
func LockDir(dir string) (*DirLock, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(filepath.Join(dir, lockFile), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	for start := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		err = flock(f, syscall.LOCK_EX|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EWOULDBLOCK) || time.Since(start) > lockPatience {
			break
		}
	}
	if errors.Is(err, syscall.EWOULDBLOCK) {
		err = &store.LockedError{Dir: dir, PID: readPID(f)}
	}
	if err == nil {
		err = writePID(f)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &DirLock{file: f}, nil
}

// Close gives the directory back. The file stays: whoever removed it could
// remove the one that another server holds by now.
func (l *DirLock) Close() error { return errors.Join(l.file.Truncate(0), l.file.Close()) }

// ServerPID tells whether a server runs on the data directory, and its process
// id (0 where it is not known yet).
func ServerPID(dir string) (int, bool) {
	f, err := os.Open(filepath.Join(dir, lockFile))
	if err != nil {
		return 0, false
	}
	defer f.Close()
	if err := flock(f, syscall.LOCK_SH|syscall.LOCK_NB); !errors.Is(err, syscall.EWOULDBLOCK) {
		return 0, false // closing the file gives the lock back
	}
	return readPID(f), true
}

// exclusively runs fn while no other process does so under the same file.
func exclusively(path string, fn func() error) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := flock(f, syscall.LOCK_EX); err != nil {
		return err
	}
	return fn()
}

// flock is flock(2), again when a signal came in between.
func flock(f *os.File, how int) error {
	for {
		if err := syscall.Flock(int(f.Fd()), how); !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}

func readPID(f *os.File) int {
	b, err := io.ReadAll(io.NewSectionReader(f, 0, 32))
	if err != nil {
		return 0
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil {
		return 0
	}
	return pid
}

func writePID(f *os.File) error {
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, err := f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	return err
}
