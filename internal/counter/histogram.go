package counter

import (
	"math"
	"slices"
	"sort"
	"sync/atomic"
	"time"
)

// Histogram counts observations. Make one with NewHistogram or Latency; its
// methods may be called by many goroutines.
type Histogram struct {
	bounds []float64
	counts []atomic.Uint64 // one more than bounds: the last is above them all
	sum    atomic.Uint64   // the bits of a float64
}

// NewHistogram makes a histogram with the upper bounds of its buckets, in rising
// order.
func NewHistogram(bounds ...float64) *Histogram {
	if !slices.IsSorted(bounds) {
		panic("counter: the bounds do not rise") // a bug of the caller
	}
	return &Histogram{bounds: bounds, counts: make([]atomic.Uint64, len(bounds)+1)}
}

// Latency makes a histogram of seconds, from a tenth of a millisecond to half a
// minute.
func Latency() *Histogram {
	return NewHistogram(0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
}

// Observe counts a value.
func (h *Histogram) Observe(v float64) {
	h.counts[sort.SearchFloat64s(h.bounds, v)].Add(1) // a bound belongs to its bucket
	for {
		old := h.sum.Load()
		if h.sum.CompareAndSwap(old, math.Float64bits(math.Float64frombits(old)+v)) {
			return
		}
	}
}

// Took counts a duration in seconds; one that a step of a clock made negative
// counts as none.
func (h *Histogram) Took(d time.Duration) { h.Observe(max(d, 0).Seconds()) }

// Buckets is what a histogram has counted.
type Buckets struct {
	UpTo  map[float64]uint64 // by upper bound: how many were not above it
	Count uint64
	Sum   float64
}

// Snapshot reads the histogram. What is counted meanwhile may be in it or not.
func (h *Histogram) Snapshot() Buckets {
	s := Buckets{UpTo: make(map[float64]uint64, len(h.bounds))}
	for i := range h.counts {
		s.Count += h.counts[i].Load()
		if i < len(h.bounds) {
			s.UpTo[h.bounds[i]] = s.Count
		}
	}
	s.Sum = math.Float64frombits(h.sum.Load())
	return s
}
