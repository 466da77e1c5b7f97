package keyfile

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"github.com/turnike/turnike/internal/secret/secretfile"
)

// MaxKeys is how many keys can be good at once. Everybody who verifies tokens
// by the published keys holds all of them.
const MaxKeys = 32

// PendingError says that a key is published already and does not sign yet.
type PendingError struct{ From time.Time }

func (e *PendingError) Error() string {
	return fmt.Sprintf("a new key is published already and signs from %s on", e.From.UTC().Format(time.RFC3339))
}

// ErrTooMany is for a rotation while MaxKeys keys are good.
var ErrTooMany = fmt.Errorf("%d keys are good already, as long as tokens live that they have signed", MaxKeys)

// Rotate adds a key that signs ahead from now, and lets the one that signs
// until then verify for keep after that: the longest life of a token. Keys whose
// end has come leave the file. It gives the new key. Errors: *PendingError,
// ErrTooMany.
func Rotate(root *os.Root, ahead, keep time.Duration) (made Key, err error) {
	err = exclusively(root, func() error {
		keys, _, err := Open(root)
		if err != nil {
			return err
		}
		now := time.Now().UTC()
		last := len(keys) - 1
		if keys[last].From.After(now) {
			return &PendingError{From: keys[last].From}
		}
		if made, err = generate(now.Add(ahead)); err != nil {
			return err
		}
		keys[last].Until = made.From.Add(keep)
		good := make([]Key, 0, len(keys)+1)
		for _, key := range keys {
			if now.Before(key.Until) {
				good = append(good, key)
			}
		}
		if len(good) == MaxKeys {
			return ErrTooMany
		}
		return replace(root, append(good, made))
	})
	if err != nil {
		return Key{}, err
	}
	return made, nil
}

// Revoke puts one new key in the place of all others. No token that any of them
// has signed is good any more.
func Revoke(root *os.Root) (made Key, err error) {
	err = exclusively(root, func() error {
		if made, err = generate(time.Time{}); err != nil {
			return err
		}
		return replace(root, []Key{made})
	})
	if err != nil {
		return Key{}, err
	}
	return made, nil
}

func replace(root *os.Root, keys []Key) error {
	data, err := encode(keys)
	if err != nil {
		return err
	}
	return secretfile.Replace(root, Name, data, 0o600)
}

// exclusively runs change while no other process does so on this directory:
// of two rotations at once none may lose the other's key. The lock is on the
// directory itself, and goes with the process.
func exclusively(root *os.Root, change func() error) error {
	dir, err := root.Open(".")
	if err != nil {
		return err
	}
	defer dir.Close()
	for {
		err := syscall.Flock(int(dir.Fd()), syscall.LOCK_EX)
		if errors.Is(err, syscall.EINTR) {
			continue
		}
		if err != nil {
			return fmt.Errorf("lock the data directory: %w", err)
		}
		return change()
	}
}
