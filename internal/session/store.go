package session

import (
	"context"
	"time"
)

// Store keeps users, sessions, seats and the event log. It makes rules atomic.
// Implementations must pass the suite of package storetest.
type Store interface {
	// Now returns the time that decides [T1], in UTC, in milliseconds. It is the same
	// that decide is given, for callers that change nothing.
	Now() time.Time

	// Shift returns how far the machine's clock is ahead of the store's: whole
	// seconds, zero until that clock is stepped [T1].
	Shift() time.Duration

	// Update loads the state of the user and its pool, lets decide choose a
	// change and writes it, all in one serialised transaction. decide is given
	// the store's time, read in the transaction [T1]; it is pure and may run more
	// than once. When Update returns, the change is durable and the store's listener
	// has been handed its events.
	//
	// It returns the position of the change's events, 0 where nothing changed.
	//
	// If ctx ends, Update returns its error, and the change may still happen: what
	// decide has captured must not be read after an error. A caller whose ctx cannot
	// end waits where others are refused.
	// Errors: ErrNoUser, ErrUnavailable, and the ctx's.
	Update(ctx context.Context, user string, decide func(State, time.Time) Change) (Pos, error)

	// UpdatePool is Update for a pool alone. Errors: ErrNoPool, ErrUnavailable.
	UpdatePool(ctx context.Context, pool PoolID, decide func(Pool, time.Time) Change) (Pos, error)

	// Restart puts every seat of every pool into boot grace until the deadline,
	// drops all connections and begins the epoch [S7]. Sessions that had
	// connections when the last run ended, or began to drain, count as active now
	// [A4]. It is called once, before anything else is served.
	Restart(ctx context.Context, epoch string, now, deadline time.Time) error

	// Drain notes that this run is about to end: until the next Restart
	// State.Draining is true for every process, and Due names no seat [S7].
	Drain(ctx context.Context, now time.Time) error

	// Session returns a session, live or ended, with its user. Error: ErrUnknown.
	Session(ctx context.Context, id string) (Session, User, error)

	// Connections returns all registered connections, in no order.
	Connections(ctx context.Context) ([]Connection, error)

	// Due returns at most limit ids of users that have a session expired or a
	// grace over at now.
	Due(ctx context.Context, now time.Time, limit int) ([]string, error)

	// Touch notes when sessions were last active, for those still live.
	Touch(ctx context.Context, active map[string]time.Time) error

	// Prune deletes ended sessions whose token has expired at now, devices that
	// were not seen for DeviceLife, and events older than their class is kept. It
	// works in slices.
	Prune(ctx context.Context, now, presenceBefore, auditBefore time.Time) error
	// PruneFailedLogins deletes the events of failed logins that are older than
	// before: strangers decide how many there are.
	PruneFailedLogins(ctx context.Context, before time.Time) error
}
