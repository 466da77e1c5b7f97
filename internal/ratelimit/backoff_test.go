package ratelimit

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func tenIn15Minutes() Backoff {
	return Backoff{Free: 10, Window: 15 * time.Minute, First: 30 * time.Second, Max: 15 * time.Minute, Total: 100}
}

// try begins and ends one try; it gives the wait when it is refused.
func try(t *testing.T, f *Failures, key string, o Outcome) time.Duration {
	t.Helper()
	end, wait, err := f.Begin(t.Context(), key, 1)
	if err != nil {
		t.Fatal(err)
	}
	if end != nil {
		end(o)
	}
	return wait
}

func TestSEC06_Backoff(t *testing.T) {
	b := tenIn15Minutes()
	for _, c := range []struct {
		failures, total int
		want            time.Duration
	}{
		{1, 1, 0}, {9, 9, 0}, {10, 10, 30 * time.Second}, {11, 11, time.Minute}, {12, 12, 2 * time.Minute},
		{14, 14, 8 * time.Minute}, {15, 15, 15 * time.Minute}, {16, 16, 15 * time.Minute}, {5000, 5000, 15 * time.Minute},
		{1, 99, 0}, {1, 100, 15 * time.Minute}, {1, 250, 15 * time.Minute},
	} {
		if got := b.wait(c.failures, c.total); got != c.want {
			t.Errorf("after %d failures, %d in all: %s, want %s", c.failures, c.total, got, c.want)
		}
	}
}

func TestSEC06_Failures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := NewFailures(tenIn15Minutes(), nil)
		for i := range 10 {
			if wait := try(t, f, "a", Failed); wait != 0 {
				t.Fatalf("failure %d: wait %s", i, wait)
			}
		}
		if wait := try(t, f, "a", Succeeded); wait != 30*time.Second {
			t.Errorf("wait %s, want 30 s", wait)
		}
		if wait := try(t, f, "b", Failed); wait != 0 {
			t.Error("another key pays")
		}
		time.Sleep(30 * time.Second)
		if wait := try(t, f, "a", Failed); wait != 0 {
			t.Error("refused after the wait")
		}
		if wait := try(t, f, "a", Failed); wait != time.Minute {
			t.Errorf("wait %s, want twice as long", wait)
		}
		time.Sleep(time.Minute)
		try(t, f, "a", Succeeded)
		for range 10 {
			if wait := try(t, f, "a", Failed); wait != 0 {
				t.Error("a success forgets nothing")
			}
		}
		time.Sleep(30*time.Second + 15*time.Minute) // quiet
		for range 10 {
			if wait := try(t, f, "a", Failed); wait != 0 {
				t.Error("a quiet time forgets nothing")
			}
		}
	})
}

// The hundredth failure without a success is the last cheap one, however slowly
// they come; a new password begins anew.
func TestSEC06_Total(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := NewFailures(tenIn15Minutes(), nil)
		for i := range 100 {
			if i%9 == 0 {
				time.Sleep(16 * time.Minute)
			}
			if wait := try(t, f, "a", Failed); wait != 0 {
				t.Fatalf("failure %d: wait %s", i, wait)
			}
		}
		for range 3 {
			if wait := try(t, f, "a", Failed); wait != 15*time.Minute {
				t.Errorf("wait %s, want the longest", wait)
			}
			time.Sleep(40 * time.Minute) // not even a quiet time helps
			if wait := try(t, f, "a", Failed); wait != 0 {
				t.Error("locked for good [SEC-07]")
			}
		}
		end, wait, err := f.Begin(t.Context(), "a", 2)
		if err != nil || end == nil {
			t.Fatalf("a new version: wait %s, %v", wait, err)
		}
		end(Failed)
	})
}

// SEC-08: five hundred at once; as many fail as may.
func TestSEC08_ParallelTries(t *testing.T) {
	for name, c := range map[string]struct {
		outcome  Outcome
		admitted int64
	}{
		"all fail": {Failed, 10}, "all succeed": {Succeeded, 500}, "all pass": {Passed, 500}, "none is decided": {Undecided, 500},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := NewFailures(tenIn15Minutes(), nil)
				var admitted, together, most atomic.Int64
				var wg sync.WaitGroup
				for range 500 {
					wg.Go(func() {
						end, _, err := f.Begin(t.Context(), "a", 1)
						if err != nil {
							t.Error(err)
						}
						if end == nil {
							return
						}
						admitted.Add(1)
						most.Store(max(most.Load(), together.Add(1)))
						time.Sleep(time.Millisecond) // the hash
						together.Add(-1)
						end(c.outcome)
					})
				}
				wg.Wait()
				if admitted.Load() != c.admitted || most.Load() > 10 {
					t.Errorf("%d admitted, want %d; %d at once", admitted.Load(), c.admitted, most.Load())
				}
				if c.outcome != Failed && f.Len() != 0 {
					t.Errorf("%d keys are kept for nothing", f.Len())
				}
			})
		})
	}
}

// A success of one key of an address says nothing of the others.
func TestSEC06_PassingForgetsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := NewFailures(Backoff{Free: 3, Window: time.Minute, First: time.Second, Max: time.Second}, nil)
		for _, o := range []Outcome{Failed, Passed, Failed, Passed, Failed} {
			if wait := try(t, f, "a", o); wait != 0 {
				t.Fatalf("wait %s", wait)
			}
		}
		for range 5 { // no longer waits than the first
			if wait := try(t, f, "a", Failed); wait != time.Second {
				t.Errorf("wait %s", wait)
			}
			time.Sleep(time.Second)
			try(t, f, "a", Failed)
		}
	})
}

func TestWaitingEndsWithItsCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := NewFailures(Backoff{Free: 1, Window: time.Minute}, nil)
		end, _, err := f.Begin(t.Context(), "a", 0)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, _, err := f.Begin(ctx, "a", 0); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v", err)
		}
		end(Undecided)
		if f.Len() != 0 {
			t.Errorf("%d keys", f.Len())
		}
	})
}

// [I7] There are never more than maxKeys, and who waits is forgotten last.
func TestI7_FailuresAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := NewFailures(tenIn15Minutes(), nil)
		for range 10 {
			try(t, f, "victim", Failed)
		}
		time.Sleep(20 * time.Second)
		for i := range maxKeys + 100 {
			try(t, f, fmt.Sprint("x", i), Failed)
			if i == maxKeys/4 {
				time.Sleep(16 * time.Minute)
				for try(t, f, "victim", Failed) == 0 { // until it waits again
				}
			}
		}
		if n := f.Len(); n > maxKeys {
			t.Errorf("%d keys", n)
		}
		if wait := try(t, f, "victim", Failed); wait == 0 {
			t.Error("a wait was forgotten before what waits for nothing")
		}
	})
}
