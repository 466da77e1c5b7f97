package account

import (
	"errors"
	"fmt"
)

// DefaultPool is the pool that every new database has.
const DefaultPool = "default"

// maxPoolName is the greatest length of a pool's name.
const maxPoolName = 64

// ErrPool says that the name of a pool is not allowed.
var ErrPool = errors.New("invalid pool name")

// ParsePool checks the name of a pool: 1 to 64 of a-z, 0-9, '.', '_' and '-',
// starting with a letter or digit. Such a name is its own canonical form.
func ParsePool(s string) (string, error) {
	if s == "" || len(s) > maxPoolName || !alphanumeric(s[0]) {
		return "", poolError(s)
	}
	for i := range len(s) {
		if c := s[i]; !alphanumeric(c) && c != '.' && c != '_' && c != '-' {
			return "", poolError(s)
		}
	}
	return s, nil
}

func poolError(s string) error {
	return fmt.Errorf("%w %.80q: use 1 to %d of a-z, 0-9, '.', '_' and '-', beginning with a letter or a digit", ErrPool, s, maxPoolName)
}

func alphanumeric(c byte) bool { return 'a' <= c && c <= 'z' || '0' <= c && c <= '9' }
