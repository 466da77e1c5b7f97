//go:build !linux

package engineio

import "syscall"

// unsent is not known on this system: a flusher writes once the inline room is
// used up.
func unsent(syscall.RawConn) (n int, ok bool) { return 0, false }
