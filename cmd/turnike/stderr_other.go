//go:build !linux

package main

import "os"

// ownStderr returns stderr as it is.
func ownStderr() *os.File { return os.Stderr }
