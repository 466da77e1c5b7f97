//go:build unix

package app

import (
	"math"
	"syscall"
)

// openFiles is how many files this process may have open; 0 where that is not
// known. The runtime has raised the soft limit to the hard one by itself.
func openFiles() int {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return 0
	}
	return int(min(uint64(limit.Cur), math.MaxInt32))
}
