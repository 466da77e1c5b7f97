package logbook

import (
	"os"
	"sync"
)

// File is a log file that can be moved away under its writer, as logrotate does.
type File struct {
	name string

	mu   sync.Mutex // guards file; lines are written whole
	file *os.File
}

// OpenFile opens a file to append to; it is made for its owner and group.
func OpenFile(name string) (*File, error) {
	f := &File{name: name}
	return f, f.Reopen()
}

// Write implements io.Writer.
func (f *File) Write(line []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.file.Write(line)
}

// Reopen goes on in the file that has the name now. With an error it goes on in
// the old one.
func (f *File) Reopen() error {
	next, err := os.OpenFile(f.name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o640)
	if err != nil {
		return err
	}
	f.mu.Lock()
	old := f.file
	f.file = next
	f.mu.Unlock()
	if old != nil {
		return old.Close()
	}
	return nil
}

// Close closes it.
func (f *File) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.file.Close()
}
