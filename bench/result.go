package main

import (
	"fmt"
	"maps"
	"slices"
)

// results holds the figures of a run.
type results struct {
	peers    []*peer
	taken    map[string]map[string][]float64 // by the metric's key and the peer's name
	failures []string
	absent   map[string]error // peers that are not installed
}

func newResults(peers []*peer) *results {
	return &results{peers: peers, taken: make(map[string]map[string][]float64), absent: make(map[string]error)}
}

func (r *results) add(m mode, p *peer, v values) {
	for key := range maps.Keys(v) {
		if r.taken[key] == nil {
			r.taken[key] = make(map[string][]float64)
		}
		r.taken[key][p.name] = append(r.taken[key][p.name], v[key])
	}
}

func (r *results) fail(m mode, p *peer, err error) {
	r.failures = append(r.failures, fmt.Sprintf("%s, %s: %v", m.name, p.name, err))
}

// summary is the reported result of a figure that was taken several times.
type summary struct {
	median, least, most float64
	taken               int
}

func (r *results) of(k metric, p *peer) summary { return summarise(r.taken[k.key][p.name]) }

func summarise(all []float64) summary {
	n := len(all)
	if n == 0 {
		return summary{}
	}
	sorted := slices.Sorted(slices.Values(all))
	return summary{median: (sorted[(n-1)/2] + sorted[n/2]) / 2, least: sorted[0], most: sorted[n-1], taken: n}
}
