package metrics

import "github.com/turnike/turnike/internal/session"

// Bounds on the label of pools: there may be any number of them.
const (
	maxPools = 1000
	// otherPools is what the rest is called together. No pool's name begins so.
	otherPools = "_other"
)

// pool is what is shown of a pool, or of several.
type pool struct {
	name                                string
	limit, held, grace, offered, excess int
}

// bounded gives the first pools by themselves and all others as one.
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
