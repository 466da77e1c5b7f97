package counter

import (
	"maps"
	"sync"
	"testing"
	"time"
)

func TestBuckets(t *testing.T) {
	h := NewHistogram(1, 2, 4)
	for _, v := range []float64{0, 1, 1.5, 2, 3, 4, 4.5, 100} {
		h.Observe(v)
	}
	got := h.Snapshot()
	if want := map[float64]uint64{1: 2, 2: 4, 4: 6}; !maps.Equal(got.UpTo, want) || got.Count != 8 || got.Sum != 116 {
		t.Errorf("%+v, want buckets %v, 8 observations, sum 116", got, want)
	}
}

func TestTook(t *testing.T) {
	h := Latency()
	h.Took(-time.Hour) // a clock was set
	h.Took(250 * time.Millisecond)
	got := h.Snapshot()
	if got.Sum != 0.25 || got.Count != 2 || got.UpTo[0.0001] != 1 || got.UpTo[0.1] != 1 || got.UpTo[0.25] != 2 {
		t.Errorf("%+v", got)
	}
}

// TestParallel: nothing is lost; the race detector sees the rest.
func TestParallel(t *testing.T) {
	h := NewHistogram(10)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 1000 {
				h.Observe(2)
				h.Snapshot()
			}
		})
	}
	wg.Wait()
	if got := h.Snapshot(); got.Count != 8000 || got.Sum != 16000 || got.UpTo[10] != 8000 {
		t.Errorf("%+v", got)
	}
}

func TestBoundsRise(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("bounds that fall were taken")
		}
	}()
	NewHistogram(2, 1)
}
