package app

import (
	"context"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// A ramp is over when for trimQuiet the number of connections has not risen by
// more than trimStep.
const (
	trimInterval = time.Second
	trimQuiet    = 2 * time.Second
	trimStep     = 64
)

// In a ramp the collector waits for some rampGarbage, where less than that lives;
// it never waits for more than rampPercent of what does.
const (
	rampGarbage = 64 << 20
	rampPercent = 400
)

// trimMemory gives back to the system what the start and each ramp of connections
// have left over: what handshakes and joins allocate is garbage as soon as they are
// through, and the collector would keep the pages for the next ones. It costs one
// garbage collection each time, and saves most of those in the ramp, whose garbage
// is known to go soon.
func trimMemory(ctx context.Context, connections func() int) {
	usual := gcPercent()
	defer debug.SetGCPercent(usual)
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
			debug.SetGCPercent(rampGCPercent(usual))
		} else {
			quiet += trimInterval
		}
		last = n
		if quiet < trimQuiet {
			continue
		}
		if quiet == trimQuiet {
			debug.SetGCPercent(usual)
		}
		if n > trimmed+trimStep {
			debug.FreeOSMemory()
		}
		trimmed = n
	}
}

// gcPercent is GOGC as it is now.
func gcPercent() int {
	percent := []metrics.Sample{{Name: "/gc/gogc:percent"}}
	metrics.Read(percent)
	return int(int64(percent[0].Value.Uint64()))
}

// rampGCPercent is the GOGC of a ramp, by what lives now. Below zero, where the
// operator has switched the collector off, it stays so.
func rampGCPercent(usual int) int {
	if usual < 0 {
		return usual
	}
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(live)
	return max(usual, min(rampPercent, int(100*rampGarbage/max(live[0].Value.Uint64(), 1))))
}
