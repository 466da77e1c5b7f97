package store

import (
	"fmt"
	"time"

	"github.com/turnike/turnike/internal/account"
)

// NewUser is an account to create. The caller has checked its name.
type NewUser struct {
	Name         string
	Role         account.Role
	Pool         string // name; "" is [DefaultPool]
	PasswordHash string // PHC string
}

// UserRow is an account as an operator sees it.
type UserRow struct {
	ID       string
	Name     string
	Role     account.Role
	Pool     string // name
	Disabled bool
	Created  time.Time
}

// UserExistsError says that an account already has that name, or a name with the
// same canonical form [SEC-06].
type UserExistsError struct{ Name string }

func (e *UserExistsError) Error() string { return fmt.Sprintf("user %q exists already", e.Name) }

// Refusal implements Refusal.
func (*UserExistsError) Refusal() {}
