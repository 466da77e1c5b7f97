package presence

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/turnike/turnike/internal/session"
)

// Snapshot is who is inside a pool, at the pool's newest event.
type Snapshot struct {
	Pool    session.Pool
	Entries []Entry
}

// Entry is one user inside.
type Entry struct {
	User, Name  string
	State       session.SeatState
	Since       time.Time // inside since
	Changed     time.Time // in this state since
	Connections int
}

// Config is what hubs need.
type Config struct {
	// Snapshot reads a pool from the store.
	Snapshot func(ctx context.Context, pool session.PoolID) (Snapshot, error)
	// Shift returns the difference between the machine's clock, which is shown, and
	// the store's [T1].
	Shift func() time.Duration
	Epoch string // of this run; clients compare it for equality [P3]

	Visibility session.Visibility // of pools that do not define one [P5]
	NamesUpTo  int                // with more users a pool behaves as with VisibilityCount [P4]

	// Go runs a function in a goroutine that its owner waits for.
	Go func(f func())
	// Panicked is called with the value of a panic in a hub, which then goes on.
	Panicked func(in string, value any)
	Log      *slog.Logger
}

// Hubs are the hubs of all pools, each made when it is first needed.
type Hubs struct {
	ctx context.Context // when it ends, hubs stop
	cfg Config

	mu   sync.Mutex // guards hubs
	hubs map[session.PoolID]*Hub
}

// New returns the hubs of a server; they stop when ctx is done.
func New(ctx context.Context, cfg Config) *Hubs {
	return &Hubs{ctx: ctx, cfg: cfg, hubs: make(map[session.PoolID]*Hub)}
}

// Of returns the hub of a pool.
func (all *Hubs) Of(pool session.PoolID) *Hub {
	all.mu.Lock()
	defer all.mu.Unlock()
	h, ok := all.hubs[pool]
	if !ok {
		h = &Hub{pool: pool, ctx: all.ctx, cfg: &all.cfg, members: make(map[Receiver]struct{}), watchers: make(map[Receiver]struct{})}
		all.hubs[pool] = h
	}
	return h
}
