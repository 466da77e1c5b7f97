package app

import (
	"os"
	"syscall"
)

// ownStderr returns stderr under a new descriptor, for the log only, and makes
// descriptor 2 drop what a pipe or terminal does not accept at once. The runtime
// prints to descriptor 2 when the process crashes; without a reader the crashed
// process would hang for ever. Other users of the same pipe see no difference,
// because descriptor 2 is opened again and not changed. If that is impossible (a
// socket, a pipe of another user), everything stays as it was.
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
