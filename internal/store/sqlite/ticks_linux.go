package sqlite

import (
	"os"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// bootID says what the counters are good for: they begin at each boot, and a
// time namespace moves them (time_namespaces(7)).
var bootID = sync.OnceValue(func() string {
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	space, err := os.Readlink("/proc/self/ns/time")
	if err != nil {
		return "" // a kernel without them is older than 5.6
	}
	return strings.TrimSpace(string(boot)) + " " + space
})

// readTicks reads the machine's counters (clock_gettime(2)).
func readTicks() (ticks, bool) {
	var awake, elapsed unix.Timespec
	boot := bootID()
	if boot == "" || unix.ClockGettime(unix.CLOCK_MONOTONIC, &awake) != nil || unix.ClockGettime(unix.CLOCK_BOOTTIME, &elapsed) != nil {
		return ticks{}, false
	}
	return ticks{Boot: boot, Awake: awake.Nano(), Elapsed: elapsed.Nano()}, true
}
