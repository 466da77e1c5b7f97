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
	RetryAfter      time.Duration // the advice in a refusal while no seat is about to be free [S9]
	Policy          Policy        // where a user's pool does not say; "" is replace [A4]
	DetectSharing   bool          // logins have to be confirmed once sessions keep replacing each other [A6]
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
		RetryAfter:      5 * time.Second, // well within register_timeout
		Policy:          PolicyReplace,
		DetectSharing:   true,
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

	draining, noted atomic.Bool // Drain was called; the store has noted it
	activity        activity    // not written to the store yet
}

// New makes a core on a store, whose clock decides [T1].
func New(store Store, rules Rules, log *slog.Logger) *Core {
	return &Core{store: store, rules: rules, log: log}
}

// WhenFull sets a function that is called for every refusal by a full pool [S9]. It
// runs in the goroutine of the refused call and must not block. It is set once,
// before anything is served.
func (c *Core) WhenFull(fn func(user string, e *SeatError)) { c.full = fn }

// refuse returns a refusal with its times as the machine's clock shows them. It
// reports the refusal of a full pool to the function of WhenFull.
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

// told returns sessions with their times as the machine's clock shows them.
func (c *Core) told(sessions []LiveSession) []LiveSession {
	out := slices.Clone(sessions)
	for i := range out {
		s := &out[i].Session
		s.Created, s.LastActive, s.Expires = c.Wall(s.Created), c.Wall(s.LastActive), c.Wall(s.Expires)
	}
	return out
}

// Now returns the store's time, by which every deadline is judged [T1].
func (c *Core) Now() time.Time { return c.store.Now() }

// Shift returns how far the machine's clock is ahead of the store's [T1].
func (c *Core) Shift() time.Duration { return c.store.Shift() }

// Wall returns a time of the store as the machine's clock shows it now. People and
// other programs are given this one [T1].
func (c *Core) Wall(t time.Time) time.Time { return t.Add(c.store.Shift()) }

// Rules returns the rules in force.
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

// Register lets a connection inside. Errors: ErrForbidden, *EndedError, ErrUnknown,
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

// Leave removes a connection. Errors: ErrForbidden, ErrNoUser, ErrUnavailable. After
// the last the caller must try again, or the seat would stay held without a
// connection [I6].
func (c *Core) Leave(ctx context.Context, by Actor, in Disconnect) error {
	in.draining = c.draining.Load()
	return c.run(ctx, command{by: by, what: actLeave, user: in.User}, func(st State, now time.Time) Change {
		return leave(st, c.rules, now, in)
	})
}

// Connections returns all registered connections. Error: ErrUnavailable.
func (c *Core) Connections(ctx context.Context) ([]Connection, error) {
	return c.store.Connections(ctx)
}

// End ends one session or all of a user. When it returns, the end is durable
// and no request begun after it is accepted [I2]. It reports how many sessions
// it ended. Errors: ErrForbidden, ErrNoUser, ErrUnavailable, ErrUnconfirmed.
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

// ChangeUser changes an account and ends its sessions if the change requires it [A7].
// Errors: as End.
func (c *Core) ChangeUser(ctx context.Context, by Actor, ch UserChange) error {
	return c.run(ctx, command{by: by, what: actChangeUser, user: ch.User}, func(st State, now time.Time) Change {
		return changeUser(st, c.rules, now, ch)
	})
}

// ChangePool changes a pool. Errors: ErrForbidden, ErrNoPool, ErrUnavailable,
// ErrUnconfirmed.
func (c *Core) ChangePool(ctx context.Context, by Actor, pool PoolID, ch PoolChange) error {
	what := actChangePool
	if ch.Configured {
		what = actConfigure
	}
	return c.run(ctx, command{by: by, what: what, pool: pool}, func(st State, now time.Time) Change {
		return changePool(st.Pool, now, ch)
	})
}

// NoteKeys logs how the token keys on the disk were changed. A running server reads
// them again before the change is confirmed [SEC-23].
func (c *Core) NoteKeys(ctx context.Context, by Actor, how string) error {
	return c.run(ctx, command{by: by, what: actNoteKeys, pool: SystemPool}, func(st State, now time.Time) Change {
		p := newTransition(st, Rules{}, now)
		p.emit(Event{Type: TokenKeysChanged, Reason: how})
		return p.done()
	})
}

// Session returns a live session and its user. It is the check behind every request
// [SEC-26]. A session whose time is over is ended here [T2].
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
		if s, u, err = c.store.Session(ctx, id); err != nil { // with the code and time of its end
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

// Expire ends the sessions and the grace of one user whose time is over [T2].
func (c *Core) Expire(ctx context.Context, user string) error {
	return c.run(ctx, command{by: BySystem(), what: actExpire, user: user}, func(st State, now time.Time) Change {
		return expire(st, c.rules, now)
	})
}

// Boot begins a run of the server: every seat goes into boot grace [S7].
func (c *Core) Boot(ctx context.Context, epoch string) error {
	now := c.store.Now()
	return c.store.Restart(ctx, epoch, now, now.Add(c.rules.BootGrace))
}

// Drain begins the end of this run. Until the next Boot no connection is let in, and
// seats only change by a user's or an operator's act [S7]. After an error the store
// has not noted the drain; Sweep then tries again before it does anything else.
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

// sweepSlice is how many users the sweep handles at a time.
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
		var wg sync.WaitGroup // all at once, so that the store commits them together
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
// minute, until ctx is done. The three do not wait for each other: expired sessions
// end in time, however much there is to prune.
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

// every runs a job at every interval until ctx is done. It logs one line when the
// job begins to fail and one when it succeeds again.
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
