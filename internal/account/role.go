package account

import (
	"errors"
	"fmt"
)

// Role says what an account may do. The stored role counts, never the one in a
// token [SEC-58].
type Role string

const (
	// RoleUser takes a seat and is visible to the others in its pool.
	RoleUser Role = "user"
	// RoleAdmin manages the server; it holds no seat and appears in no list [A8].
	RoleAdmin Role = "admin"
)

// ErrRole says that a role does not exist.
var ErrRole = errors.New("unknown role")

// ParseRole returns the role with this exact name.
func ParseRole(s string) (Role, error) {
	switch role := Role(s); role {
	case RoleUser, RoleAdmin:
		return role, nil
	}
	return "", fmt.Errorf("%w %.64q: use user or admin", ErrRole, s)
}
