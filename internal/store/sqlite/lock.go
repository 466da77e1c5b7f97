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

// lockPatience is how long LockDir tries: [ServerPID] takes the lock for a
// moment to find out whether a server has it.
const lockPatience = 200 * time.Millisecond

// DirLock is the right to serve a data directory: one server per directory. The
// operating system releases it when the process ends, even after a crash.
type DirLock struct{ file *os.File }

// LockDir creates the directory if it does not exist and takes its lock.
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
		err = writeHolder(f, "")
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &DirLock{file: f}, nil
}

// Serve notes in the lock that its holder serves: its core has booted. Until then
// commands let no grace end and give no seat away, as without a server [T1]: whoever
// restores a backup or is still starting holds the lock too.
func (l *DirLock) Serve() error { return writeHolder(l.file, servingMark) }

// Close releases the directory. It keeps the file: deleting it could delete a file
// that another server has locked meanwhile.
func (l *DirLock) Close() error { return errors.Join(l.file.Truncate(0), l.file.Close()) }

// ServerPID reports whether a server runs on the data directory, and its process
// id (0 while it is not known).
func ServerPID(dir string) (int, bool) {
	f, err := os.Open(filepath.Join(dir, lockFile))
	if err != nil {
		return 0, false
	}
	defer f.Close()
	if err := flock(f, syscall.LOCK_SH|syscall.LOCK_NB); !errors.Is(err, syscall.EWOULDBLOCK) {
		return 0, false // closing the file releases the lock
	}
	return readPID(f), true
}

// hasServer reports whether a server that has booted holds the lock.
func hasServer(dir string) bool {
	if _, held := ServerPID(dir); !held {
		return false
	}
	b, err := os.ReadFile(filepath.Join(dir, lockFile))
	return err == nil && strings.Contains(string(b), servingMark)
}

// exclusively runs fn while no other process runs one with the same lock file.
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

// flock calls flock(2), and calls it again after a signal.
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
	number, _, _ := strings.Cut(strings.TrimSpace(string(b)), " ")
	pid, err := strconv.Atoi(number)
	if err != nil {
		return 0
	}
	return pid
}

// servingMark stands behind the process id in the lock of a server that has booted.
const servingMark = " serving"

// writeHolder writes the process id, and what the process does.
func writeHolder(f *os.File, does string) error {
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, err := f.WriteAt([]byte(strconv.Itoa(os.Getpid())+does+"\n"), 0)
	return err
}
