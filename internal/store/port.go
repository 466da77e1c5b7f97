package store

import (
	"context"

	"github.com/turnike/turnike/internal/session"
)

// Accounts creates, finds and updates accounts. How an account changes or is
// deleted is a rule: session.Core does that.
type Accounts interface {
	// CreateUsers creates all accounts or none. Errors: *UserExistsError, and
	// session.ErrNoPool with the pool's name.
	CreateUsers(ctx context.Context, by session.Actor, users []NewUser) error
	// ImportUsers is CreateUsers for an import: the events carry
	// session.ReasonImport, and one more event, in the system's pool, counts the
	// accounts.
	ImportUsers(ctx context.Context, by session.Actor, users []NewUser) error
	// UserByName returns the account with that name in any spelling, unless it is
	// deleted. Error: session.ErrNoUser.
	UserByName(ctx context.Context, name string) (session.User, error)
	// Rehash replaces a password hash that is still the old one [SEC-01]. It ends
	// no session, because the password is the same.
	Rehash(ctx context.Context, user, old, hash string) error
	// KnownDevice reports whether the user has logged in from the device within
	// session.DeviceLife. It is false for an unknown user.
	KnownDevice(ctx context.Context, user string, hash []byte) (bool, error)
}

// Pools creates, finds and deletes pools. None of its methods returns the
// system's pool or a deleted one.
type Pools interface {
	// Pools returns all pools by id.
	Pools(ctx context.Context) ([]session.Pool, error)
	// PoolByName returns the pool with that name. Error: session.ErrNoPool.
	PoolByName(ctx context.Context, name string) (session.Pool, error)
	// CreatePool creates a pool whose limit the configuration does not change.
	// The caller has checked the name. Error: *PoolExistsError.
	CreatePool(ctx context.Context, by session.Actor, name string, limit int) (session.Pool, error)
	// DeletePool deletes a pool without accounts and frees its name; deleted
	// accounts do not count. Errors: session.ErrNoPool, *PoolInUseError.
	DeletePool(ctx context.Context, by session.Actor, name string) error
}

// Overview reads what operators look at. Each method sees one commit.
type Overview interface {
	// Users returns the accounts that are not deleted, by name.
	Users(ctx context.Context) ([]UserRow, error)
	// Sessions returns the live sessions by user name, then age.
	Sessions(ctx context.Context) ([]SessionRow, error)
	// Occupancy returns the counters of all pools and the number of sessions.
	Occupancy(ctx context.Context) (Occupancy, error)
	// Snapshot returns a pool and everyone inside. The pool's LogSeq and
	// PresenceSeq say which commit it shows. Error: session.ErrNoPool.
	Snapshot(ctx context.Context, pool session.PoolID) (session.Pool, []Entry, error)
}

// EventLog is the log of every change, numbered per pool without gaps.
type EventLog interface {
	// Heads returns every pool, the system's included, by id: LogSeq is the
	// number of its newest event.
	Heads(ctx context.Context) ([]session.Pool, error)
	// EventsAfter returns at most n events of a pool that come after one, in
	// order, without those that were pruned. Event.At is the time that the
	// machine's clock shows [T1].
	EventsAfter(ctx context.Context, pool session.PoolID, after int64, n int) ([]session.Event, error)
	// LogEvents logs events that no rule decides, all or none. An event that names
	// no actor is the system's.
	// Error: session.ErrNoPool.
	LogEvents(ctx context.Context, events []session.Event) error
}

// Notes keeps short texts about the database as a whole.
type Notes interface {
	// Meta returns the text under a key, "" if there is none.
	Meta(ctx context.Context, key string) (string, error)
	// SetMeta replaces the text under a key.
	SetMeta(ctx context.Context, key, value string) error
	// Instance returns the random id that was created with the database.
	Instance() string
	// Epoch returns the id of the present run [P3], "" before the first one.
	Epoch(ctx context.Context) (string, error)
}

// Delivery connects the processes that use one database: a server listens, and
// a command beside it waits until the server has applied its changes.
type Delivery interface {
	// Listen hands fn every event committed from now on, by any process, in
	// commit order and each once, before the callers that caused it are answered
	// [K6]. A gap in the log arrives as one session.LogLost event. fn must not
	// block and must not call the store. Listen is called once per store.
	Listen(node string, fn func([]session.Event)) error
	// WaitApplied waits until the server has applied everything that this store
	// has committed. It returns at once if no server runs. If ctx ends first, it
	// returns ctx's error: the change is committed but not confirmed.
	WaitApplied(ctx context.Context) error
}

// Health says whether the store works, and how much it does.
type Health interface {
	// Ping reports whether the store can be read.
	Ping(ctx context.Context) error
	// Ready reports whether the store can be read and written.
	// Error: session.ErrUnavailable with the reason.
	Ready(ctx context.Context) error
	// Stats returns the store's figures.
	Stats() Stats
}

// Store is everything that a store offers. Only the place that opens one needs
// all of it.
type Store interface {
	session.Store
	Accounts
	Pools
	Overview
	EventLog
	Notes
	Delivery
	Health
	// Close completes the writes that are queued and closes the database.
	Close() error
}
