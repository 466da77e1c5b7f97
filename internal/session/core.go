package session

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
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
	log   *slog.Logger

	full    func(user string, e *SeatError)
	confirm Confirmer // nil: a commit is applied once the store has returned

	draining, noted atomic.Bool // Drain was called; the store knows it
	activity        activity    // that the store does not know yet
}

// New makes a core on a store, whose clock decides [T1].
func New(store Store, rules Rules, log *slog.Logger) *Core {
	return &Core{store: store, rules: rules, log: log}
}

// WhenFull names who hears of everybody that a full pool refuses [S9]. It is
// called by the refused one's goroutine and must not block. It is set once,
// before anything is served.
func (c *Core) WhenFull(fn func(user string, e *SeatError)) { c.full = fn }

// refuse hands a refusal to the caller, with its times as the machine's clock
// shows them, and that of a full pool to who listens.
func (c *Core) refuse(user string, err error) error {
	var full *SeatError
	var active *ActiveError
	var asked *TakeoverError
	switch {
	case errors.As(err, &full) && c.full != nil:
		c.full(user, full)
	case errors.As(err, &active):
		return &ActiveError{Sessions: c.told(active.Sessions)}
	case errors.As(err, &asked):
		return &TakeoverError{Cause: asked.Cause, Sessions: c.told(asked.Sessions), Ticket: asked.Ticket,
			Expires: c.Wall(asked.Expires)}
	}
	return err
}

// told are sessions with their times as the machine's clock shows them.
func (c *Core) told(sessions []Standing) []Standing {
	out := slices.Clone(sessions)
	for i := range out {
		s := &out[i].Session
		s.Created, s.LastActive, s.Expires = c.Wall(s.Created), c.Wall(s.LastActive), c.Wall(s.Expires)
	}
	return out
}

// Now is the time of every deadline: the store's [T1].
func (c *Core) Now() time.Time { return c.store.Now() }

// Shift is how far the machine's clock is ahead of the store's [T1].
func (c *Core) Shift() time.Duration { return c.store.Shift() }

// Wall is a time of the store as the machine's clock shows it now: what people
// and other programs are told [T1].
func (c *Core) Wall(t time.Time) time.Time { return t.Add(c.store.Shift()) }

// Rules are the rules in force.
func (c *Core) Rules() Rules { return c.rules }

// NewSessionID makes a session id. It is an id, not a secret [SEC-15].
func NewSessionID() string { return rand.Text() }

// Login opens a session for a user whose credentials were checked; in.Session
// is chosen here. Errors: ErrForbidden, ErrInvalidCredentials, *SeatError, *ActiveError,
// *TakeoverError, ErrUnavailable.
func (c *Core) Login(ctx context.Context, by Actor, in Login) (Session, error) {
	in.Session, in.NewTicket = NewSessionID(), rand.Text()
	var out Session
	var refused error
	what := actLogin
	if in.Issued {
		what = actIssue
	}
	err := c.run(ctx, command{by: by, what: what, user: in.User}, func(st State, now time.Time) (ch Change) {
		c.activity.apply(st.Sessions)
		ch, out, refused = admit(st, c.rules, now, in)
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
// ErrDraining, *SeatError, ErrUnavailable.
func (c *Core) Register(ctx context.Context, by Actor, in Registration) error {
	var refused error
	err := c.run(ctx, command{by: by, what: actRegister, user: in.User}, func(st State, now time.Time) (ch Change) {
		ch, refused = register(st, c.rules, now, in)
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

// Leave takes a connection out. Errors: ErrNoUser, ErrUnavailable; the caller tries again,
// or the seat would stay held by nobody [I6].
func (c *Core) Leave(ctx context.Context, by Actor, in Leaving) error {
	in.draining = c.draining.Load()
	return c.run(ctx, command{by: by, what: actLeave, user: in.User}, func(st State, now time.Time) Change {
		return leave(st, c.rules, now, in)
	})
}

// Connections are all that the store has registered. Error: ErrUnavailable.
func (c *Core) Connections(ctx context.Context) ([]Connection, error) {
	return c.store.Connections(ctx)
}

// End ends one session or all of a user. When it returns, the end is durable
// and no request begun after it is accepted [I2]. It reports how many sessions
// it ended. Errors: ErrNoUser, ErrUnavailable.
func (c *Core) End(ctx context.Context, by Actor, e Ending) (int, error) {
	n := 0
	err := c.run(ctx, command{by: by, what: actEnd, user: e.User}, func(st State, now time.Time) Change {
		ch := end(st, c.rules, now, e)
		n = len(ch.Sessions)
		return ch
	})
	if err != nil {
		return 0, err
	}
	return n, nil
}

// ChangeUser changes an account and ends its sessions where it must [A7].
func (c *Core) ChangeUser(ctx context.Context, by Actor, ch UserChange) error {
	return c.run(ctx, command{by: by, what: actChangeUser, user: ch.User}, func(st State, now time.Time) Change {
		return changeUser(st, c.rules, now, ch)
	})
}

// ChangePool changes a pool.
func (c *Core) ChangePool(ctx context.Context, by Actor, pool PoolID, ch PoolChange) error {
	what := actChangePool
	if ch.Configured {
		what = actConfigure
	}
	return c.run(ctx, command{by: by, what: what, pool: pool}, func(st State, now time.Time) Change {
		return changePool(st.Pool, now, ch)
	})
}

// NoteKeys logs that the token keys on the disk were changed, and how, so that
// a running server reads them again before the change is confirmed [SEC-23].
func (c *Core) NoteKeys(ctx context.Context, by Actor, how string) error {
	return c.run(ctx, command{by: by, what: actNoteKeys, pool: SystemPool}, func(st State, now time.Time) Change {
		p := newPlan(st, Rules{}, now)
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
	if s.Ended.IsZero() && !s.Live(c.store.Now()) {
		if err := c.Expire(ctx, s.User); err != nil {
			return Session{}, User{}, err
		}
		if s, u, err = c.store.Session(ctx, id); err != nil { // as everybody will hear it
			return Session{}, User{}, err
		}
		if s.Ended.IsZero() && !s.Live(c.store.Now()) {
			return Session{}, User{}, ErrUnavailable
		}
	}
	if !s.Ended.IsZero() {
		return s, u, &EndedError{Code: s.Code, Reason: s.Reason, At: c.Wall(s.Ended)}
	}
	return s, u, nil
}

// Expire ends what is over of one user [T2].
func (c *Core) Expire(ctx context.Context, user string) error {
	return c.run(ctx, command{by: BySystem(), what: actExpire, user: user}, func(st State, now time.Time) Change {
		return expire(st, c.rules, now)
	})
}

// Boot begins a run: every seat goes into boot grace [S7].
func (c *Core) Boot(ctx context.Context, epoch string) error {
	now := c.store.Now()
	return c.store.Restart(ctx, epoch, now, now.Add(c.rules.BootGrace))
}

// Drain begins the end of this run: from here seats only change when their user or
// an operator wants it, and no connection is let in, until the next Boot [S7]. An
// error says that the store has not noted it yet; Sweep tries again before it
// does anything else.
func (c *Core) Drain(ctx context.Context) error {
	c.draining.Store(true)
	return c.noteDrain(ctx)
}

func (c *Core) noteDrain(ctx context.Context) error {
	if !c.draining.Load() || c.noted.Load() {
		return nil
	}
	err := c.store.Drain(ctx, c.store.Now())
	if err == nil {
		c.noted.Store(true)
	}
	return err
}

// sweepSlice is how many users one turn of the sweep takes on.
const sweepSlice = 200

// Sweep ends expired sessions and frees seats whose grace is over, until
// nothing is due.
func (c *Core) Sweep(ctx context.Context) error {
	if err := c.noteDrain(ctx); err != nil {
		return err
	}
	for ctx.Err() == nil {
		due, err := c.store.Due(ctx, c.store.Now(), sweepSlice)
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
type Retention struct{ Presence, Audit, FailedLogins time.Duration }

// Run sweeps at every interval, writes activity every few seconds and prunes each
// minute, until ctx is done. None waits for another: what is over ends in time,
// however much there is to prune.
func (c *Core) Run(ctx context.Context, interval time.Duration, keep Retention) {
	var wg sync.WaitGroup
	wg.Go(func() {
		c.every(ctx, time.Minute, "prune", func() error {
			now := c.store.Now()
			return errors.Join(c.store.Prune(ctx, now, now.Add(-keep.Presence), now.Add(-keep.Audit)),
				c.store.PruneFailedLogins(ctx, now.Add(-keep.FailedLogins)))
		})
	})
	wg.Go(func() {
		c.every(ctx, flushInterval, "activity", func() error { return c.flush(ctx) })
		if err := c.flushLast(ctx); err != nil {
			c.log.Warn("when sessions were last active is not stored", "error", err)
		}
	})
	c.every(ctx, interval, "sweep", func() error { return c.Sweep(ctx) })
	wg.Wait()
}

// every does a job at every interval until ctx is done. It logs one line when the
// job begins to fail and one when it works again.
func (c *Core) every(ctx context.Context, interval time.Duration, job string, do func() error) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for failing := false; ; {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		err := do()
		switch {
		case ctx.Err() != nil:
		case err != nil && !failing:
			c.log.Error("background work fails; trying again until it works", "job", job, "error", err)
		case err == nil && failing:
			c.log.Info("background work succeeds again", "job", job)
		}
		failing = err != nil
	}
}
