package app

import (
	"context"
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// A ramp is followed by one trim, quiet times by none.
func TestTrimMemory(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // so that every collection is a trim
	synctest.Test(t, func(t *testing.T) {
		var n atomic.Int64
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { trimMemory(ctx, func() int { return int(n.Load()) }); close(done) }()
		collections := func() uint32 {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			return m.NumGC
		}
		after := func(wait time.Duration, want uint32, when string) {
			t.Helper()
			before := collections()
			time.Sleep(wait)
			synctest.Wait()
			if got := collections() - before; got != want {
				t.Errorf("%s: %d trims, want %d", when, got, want)
			}
		}
		after(time.Second, 1, "after the start")
		after(time.Minute, 0, "nobody there")
		for range 5 {
			n.Add(1000)
			after(time.Second, 0, "while they come")
		}
		after(5*time.Second, 1, "when they are there")
		n.Add(trimStep)
		after(time.Minute, 0, "a few more")
		n.Store(0)
		after(time.Minute, 0, "when they are gone")
		n.Store(500)
		after(5*time.Second, 1, "when others came")
		cancel()
		<-done
	})
}

// In a ramp garbage may gather, and only then.
func TestRampGCPercent(t *testing.T) {
	const usual = 50
	defer debug.SetGCPercent(debug.SetGCPercent(usual))
	synctest.Test(t, func(t *testing.T) {
		var n atomic.Int64
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { trimMemory(ctx, func() int { return int(n.Load()) }); close(done) }()
		after := func(wait time.Duration, want int, when string) {
			t.Helper()
			time.Sleep(wait)
			synctest.Wait()
			if got := gcPercent(); got != want {
				t.Errorf("%s: GOGC is %d, want %d", when, got, want)
			}
		}
		after(time.Minute, usual, "before")
		n.Store(1000)
		after(time.Second, rampPercent, "in a ramp over a small heap")
		after(5*time.Second, usual, "after it")
		n.Store(2000)
		after(time.Second, rampPercent, "in another one")
		cancel()
		<-done
		after(0, usual, "at the end")
	})
}

// An operator's GOGC=off stays.
func TestRampGCPercentOff(t *testing.T) {
	for usual, want := range map[int]int{-1: -1, rampPercent + 1: rampPercent + 1} {
		if got := rampGCPercent(usual); got != want {
			t.Errorf("GOGC=%d: %d in a ramp", usual, got)
		}
	}
}
