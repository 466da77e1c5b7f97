//go:build !linux

package app

import "os"

// ownStderr returns stderr as it is.
func ownStderr() *os.File { return os.Stderr }
