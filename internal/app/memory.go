package app

import (
	"context"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// A ramp is a fast rise of the number of connections. It is over when the number has
// not risen by more than trimStep for trimQuiet.
const (
	trimInterval = time.Second
	trimQuiet    = 2 * time.Second
	trimStep     = 64
)

// During a ramp the garbage collector runs after about rampGarbage bytes, but at the
// latest when the heap has grown by rampPercent.
const (
	rampGarbage = 64 << 20
	rampPercent = 400
)

// trimMemory returns memory to the system after the start and after each ramp. What
// handshakes and joins allocate is garbage as soon as they are done, but the runtime
// would keep its pages. Each trim costs one garbage collection. During the ramp the
// collector runs less often, because that garbage is short-lived.
func trimMemory(ctx context.Context, connections func() int) {
	usual := gcPercent()
	defer debug.SetGCPercent(usual)
	debug.FreeOSMemory()
	tick := time.NewTicker(trimInterval)
	defer tick.Stop()
	trimmed, last := connections(), connections() // at the last trim, and at the last tick
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

// gcPercent returns the current GOGC.
func gcPercent() int {
	percent := []metrics.Sample{{Name: "/gc/gogc:percent"}}
	metrics.Read(percent)
	return int(int64(percent[0].Value.Uint64()))
}

// rampGCPercent returns GOGC for a ramp, calculated from the live heap. A negative
// value stays: the operator has switched the collector off.
func rampGCPercent(usual int) int {
	if usual < 0 {
		return usual
	}
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(live)
	return max(usual, min(rampPercent, int(100*rampGarbage/max(live[0].Value.Uint64(), 1))))
}
