package api

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/turnike/turnike/internal/ratelimit"
	"github.com/turnike/turnike/internal/session"
)

// Bounds on the failed logins of one minute: rows that are held in memory, and rows
// that are written of accounts with networks and of accounts. One more row holds the
// rest, so that a minute writes 21 rows at most.
const (
	maxFailureRows = 4096
	loggedNetworks = 10
	loggedAccounts = 10
)

// failures counts the failed logins of the present minute by account and network, so
// that a flood costs the event log a few rows and not one for each.
type failures struct {
	mu   sync.Mutex // guards rows
	rows failureRows
}

type failureRows map[failureKey]session.Event

type failureKey struct {
	pool          session.PoolID
	user, network string
}

// add counts a login that failed, or that was turned away unchecked. Names that
// are no account's are counted together: people type passwords there [SEC-56].
func (f *failures) add(user session.User, address string, throttled bool) {
	count, turnedAway := 1, 0
	if throttled {
		count, turnedAway = 0, 1
	}
	f.merge(session.Event{Type: session.LoginFailed, Pool: user.Pool, User: user.ID, Username: user.Name, Address: address,
		Count: count, Throttled: turnedAway})
}

// merge counts an event in. Once there are many rows the networks of an account go
// together, and in the end all of them [I7].
func (f *failures) merge(e session.Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.rows == nil {
		f.rows = make(failureRows)
	}
	key := failureKey{e.Pool, e.User, ratelimit.Neighbourhood(e.Address)}
	if !f.rows.room(key, maxFailureRows) {
		key.network = ""
	}
	if !f.rows.room(key, 2*maxFailureRows) {
		key = failureKey{}
	}
	f.rows.add(key, e)
}

// room reports whether a row with the key is there or may be made.
func (rows failureRows) room(key failureKey, bound int) bool {
	_, known := rows[key]
	return known || len(rows) < bound
}

// add counts an event in under a key, which says less than the event or the same. The
// row says the address as long as there was one only, then the network.
func (rows failureRows) add(key failureKey, e session.Event) {
	row, known := rows[key]
	if !known {
		row = e
		row.Count, row.Throttled = 0, 0
	}
	if key.user == "" {
		row.Pool, row.User, row.Username = session.SystemPool, "", ""
	}
	if row.Address != e.Address || key.network == "" {
		row.Address = key.network
	}
	row.Count += e.Count
	row.Throttled += e.Throttled
	rows[key] = row
}

// fold returns the n rows that count most, and the others added up by what key says
// of them.
func (rows failureRows) fold(n int, key func(failureKey) failureKey) (most []session.Event, rest failureRows) {
	keys := slices.SortedFunc(maps.Keys(rows), func(a, b failureKey) int {
		x, y := rows[a], rows[b]
		return cmp.Or((y.Count+y.Throttled)-(x.Count+x.Throttled), cmp.Compare(a.pool, b.pool), cmp.Compare(a.user, b.user), cmp.Compare(a.network, b.network))
	})
	rest = make(failureRows)
	for i, k := range keys {
		if i < n {
			most = append(most, rows[k])
		} else {
			rest.add(key(k), rows[k])
		}
	}
	return most, rest
}

// logged returns the rows to write: who failed most with the network it came from,
// then accounts without it, then the rest in one.
func (rows failureRows) logged() []session.Event {
	networks, rest := rows.fold(loggedNetworks, func(k failureKey) failureKey { return failureKey{pool: k.pool, user: k.user} })
	accounts, rest := rest.fold(loggedAccounts, func(failureKey) failureKey { return failureKey{} })
	return slices.Concat(networks, accounts, slices.Collect(maps.Values(rest)))
}

// write logs what was counted. What could not be written waits for the next time.
func (f *failures) write(ctx context.Context, log func(context.Context, []session.Event) error) error {
	f.mu.Lock()
	rows := f.rows.logged()
	f.rows = nil
	f.mu.Unlock()
	if len(rows) == 0 {
		return nil
	}
	err := log(ctx, slices.Clone(rows))
	if err != nil {
		for _, row := range rows {
			f.merge(row)
		}
	}
	return err
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
