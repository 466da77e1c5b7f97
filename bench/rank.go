package main

import (
	"cmp"
	"math"
	"slices"
)

// gap returns the difference of the means, in percent of the first.
func gap(a, b []float64) float64 {
	return math.Abs(mean(b)-mean(a)) / mean(a) * 100
}

func mean(all []float64) float64 {
	sum := 0.0
	for _, x := range all {
		sum += x
	}
	return sum / float64(len(all))
}

// mannWhitney returns the probability of samples at least as different as these if both
// are from one distribution: two-sided, by the normal approximation. Equal values share
// their mean rank; times have too few ties to correct the variance.
func mannWhitney(a, b []float64) float64 {
	type sample struct {
		x     float64
		first bool
	}
	var all []sample
	for _, x := range a {
		all = append(all, sample{x, true})
	}
	for _, x := range b {
		all = append(all, sample{x, false})
	}
	slices.SortFunc(all, func(p, q sample) int { return cmp.Compare(p.x, q.x) })
	ranks := 0.0
	for i := 0; i < len(all); {
		end := i
		for end < len(all) && all[end].x == all[i].x {
			end++
		}
		for _, s := range all[i:end] {
			if s.first {
				ranks += float64(i+1+end) / 2
			}
		}
		i = end
	}
	n, m := float64(len(a)), float64(len(b))
	u := ranks - n*(n+1)/2
	z := (u - n*m/2) / math.Sqrt(n*m*(n+m+1)/12)
	return math.Erfc(math.Abs(z) / math.Sqrt2)
}
