package token

import (
	"crypto/sha256"
	"sync"
)

// digest is the key of a token in the cache, so that memory contains no tokens.
type digest [sha256.Size]byte

// digestOf computes the digest of a token of at most MaxLength bytes.
func digestOf(raw string) digest {
	// On the stack: it is the whole cost of a token that is in the cache.
	var usual [768]byte
	return sha256.Sum256(append(usual[:0], raw...))
}

// cache remembers the claims of verified tokens. It has two generations: a token
// that is used moves into the young one, and when that is full the old one is
// dropped. So it is bounded, needs no clock, and keeps what is in use.
type cache struct {
	size int // of a generation; 0 for no cache

	guard      sync.RWMutex // guards the maps
	young, old map[digest]Claims
}

func newCache(size int) *cache {
	return &cache{size: size, young: map[digest]Claims{}}
}

// get returns the claims of a token that is in the cache.
func (c *cache) get(d digest) (Claims, bool) {
	c.guard.RLock()
	claims, found := c.young[d]
	if found {
		c.guard.RUnlock()
		return claims, true
	}
	claims, found = c.old[d]
	c.guard.RUnlock()
	if found {
		c.put(d, claims)
	}
	return claims, found
}

// put adds the claims of a token.
func (c *cache) put(d digest, claims Claims) {
	if c.size == 0 {
		return
	}
	c.guard.Lock()
	defer c.guard.Unlock()
	if len(c.young) >= c.size {
		c.old, c.young = c.young, make(map[digest]Claims)
	}
	c.young[d] = claims
}

// forget removes a token, for example one that has expired.
func (c *cache) forget(d digest) {
	c.guard.Lock()
	defer c.guard.Unlock()
	delete(c.young, d)
	delete(c.old, d)
}
