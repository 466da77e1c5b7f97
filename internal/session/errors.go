package session

import (
	"errors"
	"fmt"
	"time"
)

// Errors of the core. Each package at the edge maps them to its codes in one table.
var (
	// ErrInvalidCredentials: the account is unknown, disabled, or changed since
	// the password was checked [A7].
	ErrInvalidCredentials = errors.New("session: invalid credentials")
	// ErrUnknown: no session of that id was ever seen, or its row is gone.
	ErrUnknown = errors.New("session: unknown session")
	// ErrNoUser and ErrNoPool: no account or pool of that name or id.
	ErrNoUser = errors.New("session: no such user")
	ErrNoPool = errors.New("session: no such pool")
	// ErrUnavailable: the store cannot take the change now; nothing was changed, unless it is an
	// ErrUnconfirmed.
	ErrUnavailable = errors.New("session: store unavailable")
	// ErrBusy: too many changes wait; it is an ErrUnavailable that is over soon.
	ErrBusy = fmt.Errorf("%w: too many changes wait", ErrUnavailable)
	// ErrUnconfirmed: the change is durable, but some process that holds
	// connections may not have applied it. It is an ErrUnavailable.
	ErrUnconfirmed = fmt.Errorf("%w: committed, not confirmed", ErrUnavailable)
	// ErrForbidden: the actor has no right to this command.
	ErrForbidden = errors.New("session: the actor may not do this")
	// ErrDraining: the server is about to stop, and lets no connection in [S7].
	ErrDraining = errors.New("session: the server is draining")
)

// SeatError is the refusal of a full pool [S9].
type SeatError struct {
	Lost       bool // the user's own seat was given away [S4]
	Pool       string
	Max, Used  int
	RetryAfter time.Duration // when trying again may make sense
}

func (e *SeatError) Error() string {
	return fmt.Sprintf("session: pool %s is full (%d of %d)", e.Pool, e.Used, e.Max)
}

// EndedError says why and when a session ended.
type EndedError struct {
	Code   Code
	Reason string
	At     time.Time
}

func (e *EndedError) Error() string { return "session: ended: " + string(e.Code) }
