//go:build unix

package app

import (
	"math"
	"syscall"
)

// openFiles returns how many files this process may have open, or 0 if unknown. The
// Go runtime has already raised the soft limit to the hard limit.
func openFiles() int {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return 0
	}
	return int(min(uint64(limit.Cur), math.MaxInt32))
}
