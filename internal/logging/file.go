package logging

import (
	"os"
	"sync"
)

// File is a log file that can be moved away under its writer, as logrotate does.
type File struct {
	name string

	mu   sync.Mutex // guards file, and is not held while a line is written
	file *os.File
}

// OpenFile opens a file to append to; it is made for its owner and group.
func OpenFile(name string) (*File, error) {
	f := &File{name: name}
	return f, f.Reopen()
}

// Write implements io.Writer. Lines stay whole as long as one goroutine writes.
func (f *File) Write(line []byte) (int, error) {
	f.mu.Lock()
	file := f.file
	f.mu.Unlock()
	return file.Write(line)
}

// Reopen goes on in the file that has the name now. With an error it goes on in
// the old one. It does not wait for a line that a pipe does not take.
func (f *File) Reopen() error {
	mode := os.O_WRONLY
	if info, err := os.Stat(f.name); err == nil && info.Mode()&os.ModeNamedPipe != 0 {
		mode = os.O_RDWR // else it would wait here until somebody reads
	}
	next, err := os.OpenFile(f.name, os.O_APPEND|os.O_CREATE|mode, 0o640)
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
