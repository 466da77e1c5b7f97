package counter

import "sync/atomic"

// Other is where a code counts that is not one of the known.
const Other = "other"

// Codes counts by code. The codes are known beforehand, so that what comes from
// outside can never make more of them. Its methods may be called by many
// goroutines.
type Codes struct {
	counts map[string]*atomic.Uint64 // never written after NewCodes
}

// NewCodes counts the given codes, and everything else as Other.
func NewCodes(known ...string) *Codes {
	c := &Codes{counts: map[string]*atomic.Uint64{Other: new(atomic.Uint64)}}
	for _, code := range known {
		c.counts[code] = new(atomic.Uint64)
	}
	return c
}

// Add counts a code.
func (c *Codes) Add(code string) {
	n, ok := c.counts[code]
	if !ok {
		n = c.counts[Other]
	}
	n.Add(1)
}

// Snapshot reads every count, those that are zero as well.
func (c *Codes) Snapshot() map[string]uint64 {
	out := make(map[string]uint64, len(c.counts))
	for code, n := range c.counts {
		out[code] = n.Load()
	}
	return out
}
