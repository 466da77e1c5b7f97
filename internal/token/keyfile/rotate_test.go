package keyfile_test

import (
	"errors"
	"os"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/turnike/turnike/internal/token/keyfile"
)

const (
	ahead = 5 * time.Minute
	keep  = 24 * time.Hour
)

// names gives the keys that are good now, by their place in made; the one that
// signs comes first.
func names(t *testing.T, root *os.Root, made []keyfile.Key) []int {
	t.Helper()
	keys, _, err := keyfile.Open(root)
	if err != nil {
		t.Fatal(err)
	}
	active, others := keyfile.At(keys, time.Now())
	var out []int
	for _, key := range append([]keyfile.Key{active}, others...) {
		out = append(out, slices.IndexFunc(made, func(m keyfile.Key) bool { return m.Private.Equal(key.Private) }))
	}
	return out
}

func rotate(t *testing.T, root *os.Root) keyfile.Key {
	t.Helper()
	key, err := keyfile.Rotate(root, ahead, keep)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// TestSEC23_LifeOfAKey: published before it signs, verifying as long as a token
// of it can live, and gone after that.
func TestSEC23_LifeOfAKey(t *testing.T) {
	root, path := open(t)
	synctest.Test(t, func(t *testing.T) {
		first, _, err := keyfile.Open(root)
		if err != nil {
			t.Fatal(err)
		}
		made := []keyfile.Key{first[0]}
		at := func(after time.Duration, want ...int) {
			t.Helper()
			time.Sleep(after)
			if got := names(t, root, made); !slices.Equal(got, want) {
				t.Errorf("good keys %v, want %v", got, want)
			}
		}
		at(0, 0)
		made = append(made, rotate(t, root))
		at(0, 0, 1) // published
		at(ahead-time.Nanosecond, 0, 1)
		pending := new(keyfile.PendingError)
		if _, err := keyfile.Rotate(root, ahead, keep); !errors.As(err, &pending) || !pending.From.Equal(made[1].From) {
			t.Errorf("rotated while a key is published: %v", err)
		}
		at(time.Nanosecond, 1, 0) // signs
		at(keep-time.Nanosecond, 1, 0)
		at(time.Nanosecond, 1) // the last token of the first key is over
		made = append(made, rotate(t, root))
		if keys, _, err := keyfile.Open(root); err != nil || len(keys) != 2 {
			t.Errorf("%d keys in the file, want two: %v", len(keys), err)
		}
		at(ahead, 2, 1)
		made = append(made, rotate(t, root)) // before the end of the second
		at(ahead, 3, 1, 2)
	})
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

// TestSEC23_Revoke: nothing is left of the old keys, published ones included.
func TestSEC23_Revoke(t *testing.T) {
	root, _ := open(t)
	rotate(t, root)
	made, err := keyfile.Revoke(root)
	if err != nil {
		t.Fatal(err)
	}
	if got := names(t, root, []keyfile.Key{made}); !slices.Equal(got, []int{0}) {
		t.Errorf("good keys %v", got)
	}
}

// TestSEC23_RotateAtOnce: of rotations at the same time none loses another's
// key, and those beyond the bound are refused.
func TestSEC23_RotateAtOnce(t *testing.T) {
	root, _ := open(t)
	made := make([]keyfile.Key, keyfile.MaxKeys)
	errs := make([]error, len(made))
	var group sync.WaitGroup
	for i := range made {
		group.Go(func() { made[i], errs[i] = keyfile.Rotate(root, 0, keep) })
	}
	group.Wait()
	refused := 0
	for i, err := range errs {
		if errors.Is(err, keyfile.ErrTooMany) {
			refused++
		} else if err != nil {
			t.Errorf("%d: %v", i, err)
		}
	}
	got := names(t, root, made) // with the first one, which is nobody's
	if refused != 1 || len(got) != keyfile.MaxKeys {
		t.Errorf("%d refused, good keys %v", refused, got)
	}
}
