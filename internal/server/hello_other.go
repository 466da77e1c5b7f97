//go:build !linux

package server

import "syscall"

// awaitHello cannot wait on this system; the handshake waits instead.
func awaitHello(syscall.RawConn) bool { return true }
