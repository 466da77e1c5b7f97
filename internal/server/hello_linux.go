package server

import (
	"encoding/binary"
	"syscall"

	"golang.org/x/sys/unix"
)

// awaitHello does the work of hasHello for a TCP connection. It peeks at the bytes that
// the kernel has received.
func awaitHello(raw syscall.RawConn) (there bool) {
	seen := 0
	err := raw.Read(func(fd uintptr) (done bool) {
		n, err := unix.IoctlGetInt(int(fd), unix.SIOCINQ)
		if err != nil {
			there = true // not a TCP connection
			return true
		}
		var head [recordHead]byte
		peeked, _, err := unix.Recvfrom(int(fd), head[:], unix.MSG_PEEK|unix.MSG_DONTWAIT)
		switch {
		case err == unix.EAGAIN || err == unix.EINTR:
			return false
		case err != nil || peeked == 0: // the peer has gone
			return true
		case head[0] != tlsHandshake || n == seen && halfClosed(fd):
			there = true
		case peeked == recordHead:
			length := int(binary.BigEndian.Uint16(head[3:]))
			there = length > maxRecord || n >= recordHead+length
		}
		seen = n
		return there
	})
	return there && err == nil
}

// halfClosed reports whether the peer will send no more.
func halfClosed(fd uintptr) bool {
	look := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLRDHUP}}
	n, err := unix.Poll(look, 0)
	return n > 0 && err == nil
}
