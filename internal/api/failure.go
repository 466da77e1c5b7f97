package api

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/turnike/turnike/internal/session"
)

// Bounds on the failed logins of one minute: rows in all, and of one write.
const (
	maxFailureRows   = 4096
	failuresTogether = 256
)

// failures counts the failed logins of the present minute: a row for each account
// and address, so that a flood costs the event log a few rows and not one each.
type failures struct {
	mu   sync.Mutex // guards rows
	rows map[failureKey]*session.Event
}

type failureKey struct {
	pool          session.PoolID
	user, address string
}

// add counts a login that failed, or that was turned away unchecked. Names that
// are no account's are counted together: people type passwords there [SEC-56].
func (f *failures) add(user session.User, address string, throttled bool) {
	count, turnedAway := 1, 0
	if throttled {
		count, turnedAway = 0, 1
	}
	f.merge(session.Event{Pool: user.Pool, User: user.ID, Username: user.Name, Address: address, Count: count, Throttled: turnedAway})
}

func (f *failures) merge(e session.Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	key := failureKey{e.Pool, e.User, e.Address}
	row := f.rows[key]
	if row == nil && len(f.rows) >= maxFailureRows { // [I7] the others go together
		e.Pool, e.User, e.Username, e.Address = session.SystemPool, "", "", ""
		key = failureKey{}
		row = f.rows[key]
	}
	if row == nil {
		if f.rows == nil {
			f.rows = make(map[failureKey]*session.Event)
		}
		e.Type = session.LoginFailed
		f.rows[key] = &e
		return
	}
	row.Count += e.Count
	row.Throttled += e.Throttled
}

// write logs what was counted. What could not be written waits for the next time.
func (f *failures) write(ctx context.Context, log func(context.Context, []session.Event) error) error {
	f.mu.Lock()
	rows := make([]session.Event, 0, len(f.rows))
	for _, row := range f.rows {
		rows = append(rows, *row)
	}
	f.rows = nil
	f.mu.Unlock()
	for len(rows) > 0 {
		n := min(len(rows), failuresTogether)
		if err := log(ctx, slices.Clone(rows[:n])); err != nil {
			for _, row := range rows {
				f.merge(row)
			}
			return err
		}
		rows = rows[n:]
	}
	return nil
}

// Run writes each minute's failed logins to the event log, until ctx is done, and
// then what is left.
func (a *API) Run(ctx context.Context) {
	minute := time.NewTicker(time.Minute)
	defer minute.Stop()
	write := func(ctx context.Context) {
		if err := a.failures.write(ctx, a.accounts.LogEvents); err != nil {
			a.log.Error("failed logins not written to the event log", "error", err)
		}
	}
	for {
		select {
		case <-minute.C:
			write(ctx)
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
			defer cancel()
			write(last)
			return
		}
	}
}
