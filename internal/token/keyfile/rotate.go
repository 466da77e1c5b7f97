package keyfile

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"github.com/turnike/turnike/internal/secret/secretfile"
)

// MaxKeys is the most keys that can be valid at once. Every application that
// verifies tokens with the published keys has all of them.
const MaxKeys = 32

// PendingError says that a published key does not sign yet.
type PendingError struct{ From time.Time }

func (e *PendingError) Error() string {
	return fmt.Sprintf("a new key is published already and signs from %s on", e.From.UTC().Format(time.RFC3339))
}

// ErrTooMany says that MaxKeys keys are valid already.
var ErrTooMany = fmt.Errorf("%d keys are good already, as long as tokens live that they have signed", MaxKeys)

// Rotate adds a key that starts to sign after ahead, and returns it. The key that
// signs until then verifies for keep after that, the longest life of a token. Keys
// past their end are removed. Errors: *PendingError, ErrTooMany.
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

// Revoke replaces all keys by a new one. All tokens that they signed become
// invalid.
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

// exclusively runs change while no other process runs one on this directory, so
// that two rotations at once do not lose a key. The lock is on the directory itself,
// and ends with the process.
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
