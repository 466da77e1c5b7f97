package engineio

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// unsent is how many bytes of a TCP connection the peer's kernel has not
// acknowledged yet.
func unsent(raw syscall.RawConn) (n int, ok bool) {
	var err error
	ctl := raw.Control(func(fd uintptr) {
		n, err = unix.IoctlGetInt(int(fd), unix.SIOCOUTQ)
	})
	return n, ctl == nil && err == nil
}
