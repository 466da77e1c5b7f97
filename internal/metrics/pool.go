package metrics

import "github.com/turnike/turnike/internal/session"

// Bounds of the label "pool": an installation may have any number of pools.
const (
	maxPools = 1000
	// otherPools is the label of all further pools together. No pool can have this
	// name.
	otherPools = "_other"
)

// pool has the figures of one pool, or of several together.
type pool struct {
	name                                string
	limit, held, grace, offered, excess int
}

// bounded returns the first maxPools pools, and all others as one.
func bounded(all []session.Pool) []pool {
	out := make([]pool, 0, min(len(all), maxPools+1))
	for i, p := range all {
		name := p.Name
		if i >= maxPools {
			name = otherPools
		}
		if i <= maxPools {
			out = append(out, pool{name: name})
		}
		last := &out[len(out)-1]
		last.limit += p.Limit
		last.held += p.Held
		last.grace += p.Grace
		last.offered += p.Offered
		last.excess += max(p.Used()-p.Limit, 0) // [S8]
	}
	return out
}
