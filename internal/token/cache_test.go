package token

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"
)

func numbered(i int) digest { return sha256.Sum256(fmt.Append(nil, i)) }

func TestCacheIsBounded(t *testing.T) {
	c := newCache(10)
	for i := range 1000 {
		c.put(numbered(i), Claims{ID: fmt.Sprint(i)})
		if held := len(c.young) + len(c.old); held > 20 {
			t.Fatalf("%d tokens are held", held)
		}
		if got, found := c.get(numbered(i)); !found || got.ID != fmt.Sprint(i) {
			t.Fatalf("token %d: %v, %v", i, got, found)
		}
	}
	if _, found := c.get(numbered(0)); found {
		t.Error("the first is still there")
	}
}

func TestCacheKeepsWhatIsUsed(t *testing.T) {
	c := newCache(10)
	c.put(numbered(0), Claims{ID: "0"})
	for i := range 1000 {
		c.put(numbered(i+1), Claims{})
		if _, found := c.get(numbered(0)); !found {
			t.Fatalf("forgotten after %d others", i)
		}
	}
	c.forget(numbered(0))
	if _, found := c.get(numbered(0)); found {
		t.Error("still there")
	}
}

func TestNoCache(t *testing.T) {
	c := newCache(0)
	c.put(numbered(0), Claims{})
	if _, found := c.get(numbered(0)); found {
		t.Error("kept")
	}
}

func TestCacheAtOnce(t *testing.T) {
	c := newCache(50)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for i := range 500 {
				c.put(numbered(i), Claims{ID: fmt.Sprint(i)})
				if got, found := c.get(numbered(i % 70)); found && got.ID != fmt.Sprint(i%70) {
					t.Errorf("token %d has the claims of %s", i%70, got.ID)
				}
				c.forget(numbered(i % 30))
			}
		})
	}
	group.Wait()
	if held := len(c.young) + len(c.old); held > 100 {
		t.Errorf("%d tokens are held", held)
	}
}

// TestCacheEndsWithToken: a token that has expired is dropped when it is met,
// and one that never was good is not kept.
func TestCacheEndsWithToken(t *testing.T) {
	k := testRing(t)
	now := time.Now()
	raw, err := k.Sign(Claims{ID: "1", Session: "1", Subject: "1", IssuedAt: now, ExpiresAt: now.Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	if len(k.ring.Load().cache.young) != 1 {
		t.Errorf("after signing: %d", len(k.ring.Load().cache.young))
	}
	if _, err := k.Verify(raw, now.Add(2*time.Hour)); !errors.Is(err, ErrExpired) || len(k.ring.Load().cache.young) != 0 {
		t.Errorf("expired: %v, %d held", err, len(k.ring.Load().cache.young))
	}
	for _, at := range []time.Time{now.Add(2 * time.Hour), now.Add(-time.Hour)} {
		if _, err := k.Verify(raw, at); err == nil || len(k.ring.Load().cache.young) != 0 {
			t.Errorf("at %v: %v, %d held", at, err, len(k.ring.Load().cache.young))
		}
	}
	if _, err := k.Verify(raw[:len(raw)-4]+"AAAA", now); !errors.Is(err, ErrInvalid) || len(k.ring.Load().cache.young) != 0 {
		t.Errorf("tampered: %v, %d held", err, len(k.ring.Load().cache.young))
	}
	for range 2 {
		if _, err := k.Verify(raw, now); err != nil || len(k.ring.Load().cache.young) != 1 {
			t.Errorf("good: %v, %d held", err, len(k.ring.Load().cache.young))
		}
	}
}

func testRing(t testing.TB) *Keyring {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	key, err := NewEd25519Key(private)
	if err != nil {
		t.Fatal(err)
	}
	k, err := New(Config{Instance: "test", Active: key})
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func BenchmarkVerify(b *testing.B) {
	k := testRing(b)
	now := time.Now()
	claims := Claims{ID: rand.Text(), Session: rand.Text(), Subject: rand.Text(), Username: "alice", Role: "user", Pool: "default", IssuedAt: now, ExpiresAt: now.Add(time.Hour)}
	raw, err := k.Sign(claims)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("cached", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := k.Verify(raw, now); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("whole", func(b *testing.B) {
		k.ring.Load().cache = newCache(0)
		b.ReportAllocs()
		for b.Loop() {
			if _, err := k.Verify(raw, now); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("sign", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := k.Sign(claims); err != nil {
				b.Fatal(err)
			}
		}
	})
}
