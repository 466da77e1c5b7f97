package store

import (
	"fmt"

	"github.com/turnike/turnike/internal/account"
	"github.com/turnike/turnike/internal/session"
)

// DefaultPool is the pool that every new database has. Accounts that name no
// pool belong to it.
const DefaultPool = account.DefaultPool

// Occupancy is the use of all pools as of one commit.
type Occupancy struct {
	Pools    []session.Pool // by id, without the system's and deleted ones
	Sessions int            // live ones
}

// PoolExistsError says that a pool already has that name.
type PoolExistsError struct{ Name string }

func (e *PoolExistsError) Error() string { return fmt.Sprintf("pool %q exists already", e.Name) }

// Refusal implements Refusal.
func (*PoolExistsError) Refusal() {}

// PoolInUseError says that a pool cannot be deleted because it has accounts.
type PoolInUseError struct {
	Name  string
	Users int
}

func (e *PoolInUseError) Error() string {
	return fmt.Sprintf("pool %q has accounts: %d", e.Name, e.Users)
}

// Refusal implements Refusal.
func (*PoolInUseError) Refusal() {}
