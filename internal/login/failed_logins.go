package login

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

// Bounds on the failed logins of one minute: rows held in memory, and rows written
// for an account with a network and for an account. One more row holds the rest,
// so a minute writes at most 21 rows.
const (
	maxRows        = 4096
	loggedNetworks = 10
	loggedAccounts = 10
)

// writeTimeout bounds the last write, when the server stops.
const writeTimeout = 5 * time.Second

// failedLogins counts the failed logins of the current minute by account and
// network, so that a flood costs the event log a few rows instead of one each.
type failedLogins struct {
	mu   sync.Mutex // guards rows
	rows failedRows
}

// failedRows are events with their counts added up.
type failedRows map[failedKey]session.Event

type failedKey struct {
	pool          session.PoolID
	user, network string
}

// add counts a failed login; throttled says that its password was not compared.
// Names without an account are counted together, because people type passwords
// into that field [SEC-56].
func (f *failedLogins) add(user session.User, address string, throttled bool) {
	count, unchecked := 1, 0
	if throttled {
		count, unchecked = 0, 1
	}
	f.merge(session.Event{Type: session.LoginFailed, Pool: user.Pool, User: user.ID, Username: user.Name, Address: address,
		Count: count, Throttled: unchecked})
}

// merge adds an event to its row. When there are many rows, new networks of an
// account share one row; when there are twice as many, new accounts do too [I7].
func (f *failedLogins) merge(e session.Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.rows == nil {
		f.rows = make(failedRows)
	}
	key := failedKey{e.Pool, e.User, ratelimit.Neighbourhood(e.Address)}
	if !f.rows.room(key, maxRows) {
		key.network = ""
	}
	if !f.rows.room(key, 2*maxRows) {
		key = failedKey{}
	}
	f.rows.add(key, e)
}

// room reports whether the row exists, or one more fits within the bound.
func (rows failedRows) room(key failedKey, bound int) bool {
	_, known := rows[key]
	return known || len(rows) < bound
}

// add adds an event to the row with the key, which may be less specific than the
// event. The row has the client's address while all its events share one, and the
// network after that.
func (rows failedRows) add(key failedKey, e session.Event) {
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

// fold returns the n rows with the highest counts, and the others added up under
// the keys that broader returns for them.
func (rows failedRows) fold(n int, broader func(failedKey) failedKey) (most []session.Event, rest failedRows) {
	keys := slices.SortedFunc(maps.Keys(rows), func(a, b failedKey) int {
		x, y := rows[a], rows[b]
		return cmp.Or((y.Count+y.Throttled)-(x.Count+x.Throttled), cmp.Compare(a.pool, b.pool), cmp.Compare(a.user, b.user), cmp.Compare(a.network, b.network))
	})
	rest = make(failedRows)
	for i, k := range keys {
		if i < n {
			most = append(most, rows[k])
		} else {
			rest.add(broader(k), rows[k])
		}
	}
	return most, rest
}

// events returns the rows to write: first accounts with their networks, highest
// counts first, then accounts without a network, then everything else in one row.
func (rows failedRows) events() []session.Event {
	networks, rest := rows.fold(loggedNetworks, func(k failedKey) failedKey { return failedKey{pool: k.pool, user: k.user} })
	accounts, rest := rest.fold(loggedAccounts, func(failedKey) failedKey { return failedKey{} })
	return slices.Concat(networks, accounts, slices.Collect(maps.Values(rest)))
}

// write logs what was counted. After an error the counts are kept for the next
// minute.
func (f *failedLogins) write(ctx context.Context, log func(context.Context, []session.Event) error) error {
	f.mu.Lock()
	rows := f.rows.events()
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

// Run writes the failed logins of each minute to the event log. When ctx is done,
// it writes the rest and returns.
func (s *Service) Run(ctx context.Context) {
	minute := time.NewTicker(time.Minute)
	defer minute.Stop()
	write := func(ctx context.Context) {
		if err := s.failed.write(ctx, s.accounts.LogEvents); err != nil {
			s.log.Error("failed logins not written to the event log", "error", err)
		}
	}
	for {
		select {
		case <-minute.C:
			write(ctx)
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeTimeout)
			defer cancel()
			write(last)
			return
		}
	}
}
