package main

import (
	"context"
	"runtime/debug"
	"time"
)

// A ramp is over when for trimQuiet the number of connections has not risen by
// more than trimStep.
const (
	trimInterval = time.Second
	trimQuiet    = 2 * time.Second
	trimStep     = 64
)

// trimMemory gives back to the system what the start and each ramp of connections
// have left over: what handshakes and joins allocate is garbage as soon as they are
// through, and the collector would keep the pages for the next ones. It costs one
// garbage collection each time.
func trimMemory(ctx context.Context, connections func() int) {
	debug.FreeOSMemory()
	tick := time.NewTicker(trimInterval)
	defer tick.Stop()
	trimmed, last := connections(), connections() // then, and a moment ago
	quiet := time.Duration(0)
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		n := connections()
		if n > last+trimStep {
			quiet = 0
		} else {
			quiet += trimInterval
		}
		last = n
		if quiet < trimQuiet {
			continue
		}
		if n > trimmed+trimStep {
			debug.FreeOSMemory()
		}
		trimmed = n
	}
}
