package kick

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/turnike/turnike/internal/session"
)

// Connections are the open connections of one kind, by session: sockets today. Its
// methods are called from the goroutine that commits: they must not wait for a peer,
// a handler, or the store. Times are those that people are shown.
type Connections interface {
	// End ends all connections of a session. When it returns, whatever they still
	// send is discarded [K2]. With the code Rotated, which End is given only after
	// events were lost, the connections must come back with the successor's token.
	End(sid string, over session.EndedError)
	// Rotate gives a session a new id; its connections stay open [A5].
	Rotate(old, next string, expires time.Time)
	// Drop ends connections of a live session that a newer one has replaced [S1].
	Drop(sid string, conns []string, at time.Time)
	// Sessions returns the sessions of a pool that have connections.
	Sessions(pool session.PoolID) []string
}

// Sessions looks up sessions and the time; session.Core implements it.
type Sessions interface {
	Session(ctx context.Context, id string) (session.Session, session.User, error)
	Now() time.Time
	Wall(t time.Time) time.Time // as people are shown it
}

// Config is what a dispatcher needs.
type Config struct {
	Sessions Sessions
	// Go runs a function in a goroutine that its owner waits for.
	Go func(f func())
	// Panicked is called with the value of a panic in one of the connections. The
	// others are ended all the same.
	Panicked func(in string, value any)
	Log      *slog.Logger
}

// Dispatcher ends the connections of all kinds.
type Dispatcher struct {
	ctx   context.Context // when it ends, no session is looked up again
	cfg   Config
	kinds []Connections
	ends  atomic.Uint64
}

// New returns a dispatcher. Its goroutines stop when ctx is done.
func New(ctx context.Context, cfg Config) *Dispatcher { return &Dispatcher{ctx: ctx, cfg: cfg} }

// Register adds a kind of connections. It must not be called after the first Apply.
func (d *Dispatcher) Register(c Connections) { d.kinds = append(d.kinds, c) }

// Ends returns a number that changes before any connection is ended or rotated. See
// the package's documentation for its use.
func (d *Dispatcher) Ends() uint64 { return d.ends.Load() }

// Apply ends the connections that a committed event ends. Events must come in
// commit order. It never blocks.
func (d *Dispatcher) Apply(e session.Event) {
	switch e.Type {
	case session.SessionEnded:
		d.ends.Add(1)
		d.end(e.Session, session.EndedError{Code: e.Code, Reason: e.Reason, At: d.cfg.Sessions.Wall(e.At)})
	case session.SessionRotated:
		d.ends.Add(1)
		d.each(func(c Connections) { c.Rotate(e.Session, e.Successor, e.Expires) })
	case session.ConnectionRegistered:
		if len(e.Dropped) > 0 {
			at := d.cfg.Sessions.Wall(e.At)
			d.each(func(c Connections) { c.Drop(e.Session, e.Dropped, at) })
		}
	case session.LogLost:
		d.ends.Add(1)
		d.cfg.Go(func() { d.recheck(e.Pool) })
	}
}

// end ends all connections of a session.
func (d *Dispatcher) end(sid string, over session.EndedError) {
	d.each(func(c Connections) { c.End(sid, over) })
}

// each calls f for every kind of connections.
func (d *Dispatcher) each(f func(c Connections)) {
	for _, c := range d.kinds {
		d.guarded(func() { f(c) })
	}
}

// guarded calls f. A panic ends f alone, because the goroutine serves everybody
// [SEC-40].
func (d *Dispatcher) guarded(f func()) {
	defer func() {
		if v := recover(); v != nil {
			d.cfg.Panicked("a kick", v)
		}
	}()
	f()
}
