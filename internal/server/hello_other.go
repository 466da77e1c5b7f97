//go:build !linux

package server

import "syscall"

// awaitHello is not known on this system: the handshake itself waits.
func awaitHello(syscall.RawConn) bool { return true }
