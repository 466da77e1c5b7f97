//go:build !linux

package engineio

import "syscall"

// unsent is not available on this system: once inlineRoom is used up, a flusher writes.
func unsent(syscall.RawConn) (n int, ok bool) { return 0, false }
