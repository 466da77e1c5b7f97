package engineio

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// unsent returns the number of bytes of a TCP connection that the peer's kernel has not
// acknowledged yet.
func unsent(raw syscall.RawConn) (n int, ok bool) {
	var err error
	ctl := raw.Control(func(fd uintptr) {
		n, err = unix.IoctlGetInt(int(fd), unix.SIOCOUTQ)
	})
	return n, ctl == nil && err == nil
}
