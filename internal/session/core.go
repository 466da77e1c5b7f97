package session

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"sync"
	"time"
)

// Rules are the operator's choices that the rules of admission depend on.
type Rules struct {
	Lifetime        time.Duration // of a session
	Grace           time.Duration // for a lost transport [S3]; 0 frees at once
	ReclaimAfter    time.Duration // [S4]
	Handover        time.Duration // [A3]
	BootGrace       time.Duration // [S7]
	LoginGrace      time.Duration // a seat taken at login waits that long for a connection [S2]
	RetryAfter      time.Duration // told to who is refused while nobody is about to leave [S9]
	Policy          Policy        // where a user's pool does not say; "" is replace [A4]
	WarBreaker      bool          // [A6]
	MaxPerUser      int           // live sessions of a user, where its pool does not say
	ConnsPerSession int           // [S1]; 0 is any number
}

// DefaultRules are the defaults of the configuration.
func DefaultRules() Rules {
	return Rules{
		Lifetime:        24 * time.Hour,
		Grace:           15 * time.Second,
		ReclaimAfter:    3 * time.Second,
		Handover:        30 * time.Second,
		BootGrace:       60 * time.Second,
		LoginGrace:      30 * time.Second,
		RetryAfter:      10 * time.Second,
		Policy:          PolicyReplace,
		WarBreaker:      true,
		MaxPerUser:      1,
		ConnsPerSession: 1,
	}
}

// Core runs the rules on a store.
type Core struct {
	store Store
	rules Rules
	clock Clock
	log   *slog.Logger

	full func(user string, e *SeatError)
}

// New makes a core. The clock must be the one the store's deadlines were
// written with in this run [T1].
func New(store Store, rules Rules, clock Clock, log *slog.Logger) *Core {
	return &Core{store: store, rules: rules, clock: clock, log: log}
}

// WhenFull names who hears of everybody that a full pool refuses [S9]. It is
// called by the refused one's goroutine and must not block. It is set once,
// before anything is served.
func (c *Core) WhenFull(fn func(user string, e *SeatError)) { c.full = fn }

// refuse hands a refusal to the caller, and that of a full pool to who listens.
func (c *Core) refuse(user string, err error) error {
	if e, ok := errors.AsType[*SeatError](err); ok && c.full != nil {
		c.full(user, e)
	}
	return err
}

// Now is the time of every deadline [T1].
func (c *Core) Now() time.Time { return c.clock.Now() }

// Rules are the rules in force.
func (c *Core) Rules() Rules { return c.rules }

// NewSessionID makes a session id. It is an id, not a secret [SEC-15].
func NewSessionID() string { return rand.Text() }

// Login opens a session for a user whose credentials were checked; in.Session
// is chosen here. Errors: ErrInvalidCredentials, *SeatError, *ActiveError,
// *TakeoverError, ErrUnavailable.
func (c *Core) Login(ctx context.Context, in Login) (Session, error) {
	in.Session, in.NewTicket = NewSessionID(), rand.Text()
	var out Session
	var refused error
	err := c.store.Update(ctx, in.User, func(st State) (ch Change) {
		ch, out, refused = admit(st, c.rules, c.clock.Now(), in)
		return ch
	})
	if errors.Is(err, ErrNoUser) {
		return Session{}, ErrInvalidCredentials
	}
	if err != nil { // then decide may still be running
		return Session{}, err
	}
	if refused != nil {
		return Session{}, c.refuse(in.User, refused)
	}
	return out, nil
}

// Register lets a connection inside. Errors: *EndedError, ErrUnknown,
// *SeatError, ErrUnavailable.
func (c *Core) Register(ctx context.Context, in Registration) error {
	var refused error
	err := c.store.Update(ctx, in.User, func(st State) (ch Change) {
		ch, refused = register(st, c.rules, c.clock.Now(), in)
		return ch
	})
	if err != nil {
		return err
	}
	if errors.Is(refused, ErrUnknown) {
		_, _, err := c.Session(ctx, in.Session)
		if err == nil {
			err = ErrUnknown
		}
		return err
	}
	return c.refuse(in.User, refused)
}

// Leave takes a connection out. Errors: ErrUnavailable; the caller tries again,
// or the seat would stay held by nobody [I6].
func (c *Core) Leave(ctx context.Context, in Leaving) error {
	return c.store.Update(ctx, in.User, func(st State) Change {
		return leave(st, c.rules, c.clock.Now(), in)
	})
}

// End ends one session or all of a user. When it returns, the end is durable
// and no request begun after it is accepted [I2]. It reports how many sessions
// it ended. Errors: ErrNoUser, ErrUnavailable.
func (c *Core) End(ctx context.Context, e Ending) (int, error) {
	n := 0
	err := c.store.Update(ctx, e.User, func(st State) Change {
		ch := end(st, c.rules, c.clock.Now(), e)
		n = len(ch.Sessions)
		return ch
	})
	if err != nil {
		return 0, err
	}
	return n, nil
}

// ChangeUser changes an account and ends its sessions where it must [A7].
func (c *Core) ChangeUser(ctx context.Context, ch UserChange) error {
	return c.store.Update(ctx, ch.User, func(st State) Change {
		return changeUser(st, c.rules, c.clock.Now(), ch)
	})
}

// ChangePool changes a pool.
func (c *Core) ChangePool(ctx context.Context, pool PoolID, ch PoolChange) error {
	return c.store.UpdatePool(ctx, pool, func(p Pool) Change {
		return changePool(p, c.clock.Now(), ch)
	})
}

// NoteKeys logs that the token keys on the disk were changed, and how, so that
// a running server reads them again before the change is confirmed [SEC-23].
func (c *Core) NoteKeys(ctx context.Context, how string) error {
	return c.store.UpdatePool(ctx, SystemPool, func(pool Pool) Change {
		p := newPlan(State{Pool: pool}, Rules{}, c.clock.Now())
		p.emit(Event{Type: TokenKeysChanged, Reason: how})
		return p.done()
	})
}

// Session returns a live session and its user: the check behind every request
// [SEC-26]. One that is met after its time is over is ended here [T2].
// Errors: *EndedError, ErrUnknown, ErrUnavailable.
func (c *Core) Session(ctx context.Context, id string) (Session, User, error) {
	s, u, err := c.store.Session(ctx, id)
	if err != nil {
		return Session{}, User{}, err
	}
	if s.Ended.IsZero() && !s.Live(c.clock.Now()) {
		if err := c.Expire(ctx, s.User); err != nil {
			return Session{}, User{}, err
		}
		if s, u, err = c.store.Session(ctx, id); err != nil { // as everybody will hear it
			return Session{}, User{}, err
		}
		if s.Ended.IsZero() {
			return Session{}, User{}, ErrUnavailable
		}
	}
	if !s.Ended.IsZero() {
		return s, u, &EndedError{Code: s.Code, Reason: s.Reason, At: s.Ended}
	}
	return s, u, nil
}

// Expire ends what is over of one user [T2].
func (c *Core) Expire(ctx context.Context, user string) error {
	return c.store.Update(ctx, user, func(st State) Change {
		return expire(st, c.rules, c.clock.Now())
	})
}

// Touch notes when sessions were last active.
func (c *Core) Touch(ctx context.Context, active map[string]time.Time) error {
	return c.store.Touch(ctx, active)
}

// Boot begins a run: every seat goes into boot grace [S7].
func (c *Core) Boot(ctx context.Context, epoch string) error {
	now := c.clock.Now()
	return c.store.Restart(ctx, epoch, now, now.Add(c.rules.BootGrace))
}

// sweepSlice is how many users one turn of the sweep takes on.
const sweepSlice = 200

// Sweep ends expired sessions and frees seats whose grace is over, until
// nothing is due.
func (c *Core) Sweep(ctx context.Context) error {
	for ctx.Err() == nil {
		due, err := c.store.Due(ctx, c.clock.Now(), sweepSlice)
		if err != nil || len(due) == 0 {
			return err
		}
		var wg sync.WaitGroup // so that the store commits them together
		errs := make([]error, len(due))
		for i, user := range due {
			wg.Go(func() { errs[i] = c.Expire(ctx, user) })
		}
		wg.Wait()
		if err := errors.Join(errs...); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// Retention is how long events are kept.
type Retention struct{ Presence, Audit time.Duration }

// Run sweeps at every interval and prunes each minute, until ctx is done. Neither
// waits for the other: what is over ends in time, however much there is to prune.
func (c *Core) Run(ctx context.Context, interval time.Duration, keep Retention) {
	var wg sync.WaitGroup
	wg.Go(func() {
		c.every(ctx, time.Minute, "pruning failed", func() error {
			now := c.clock.Now()
			return c.store.Prune(ctx, now, now.Add(-keep.Presence), now.Add(-keep.Audit))
		})
	})
	c.every(ctx, interval, "sweep failed", func() error { return c.Sweep(ctx) })
	wg.Wait()
}

// every calls fn at every interval until ctx is done, and logs its errors.
func (c *Core) every(ctx context.Context, interval time.Duration, failed string, fn func() error) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if err := fn(); err != nil && ctx.Err() == nil {
			c.log.Error(failed, "error", err)
		}
	}
}
