package app

import (
	"os"
	"syscall"
)

// ownStderr returns stderr under a descriptor of its own, for the log alone, and
// makes descriptor 2 one that drops what a pipe or terminal does not take at once.
// The runtime prints there when the process crashes: without a reader it would
// hang for ever with the whole process stopped. Other users of the same pipe see
// no difference, for descriptor 2 is opened again and not changed. Where that is
// not possible (a socket, a pipe of another user) everything stays as it was.
func ownStderr() *os.File {
	const stderr = 2
	info, err := os.Stderr.Stat()
	if err != nil || info.Mode()&(os.ModeNamedPipe|os.ModeCharDevice) == 0 {
		return os.Stderr
	}
	direct, err := syscall.Open("/proc/self/fd/2", syscall.O_WRONLY|syscall.O_NONBLOCK|syscall.O_NOCTTY|syscall.O_CLOEXEC, 0)
	if err != nil {
		return os.Stderr
	}
	defer func() { _ = syscall.Close(direct) }() // its copy stays
	own, err := syscall.Dup(stderr)
	if err != nil {
		return os.Stderr
	}
	syscall.CloseOnExec(own)
	if err := syscall.Dup3(direct, stderr, 0); err != nil {
		_ = syscall.Close(own) // nothing was written to it
		return os.Stderr
	}
	return os.NewFile(uintptr(own), os.Stderr.Name())
}
