package alert

import (
	"strconv"
	"time"

	"github.com/turnike/turnike/internal/session"
)

const (
	// quietLimit is the least time between two alerts about the same full pool. A
	// pool that is always at its limit would fill the mailbox.
	quietLimit = time.Hour
	// guessWindow is the time over which failed logins are counted.
	guessWindow = 15 * time.Minute
	// maxNames bounds the account names that are counted separately.
	maxNames = 1000
	// maxRefused bounds the users without a seat that are remembered.
	maxRefused = 1000
	// sharingMoves is the number of replacements of a suspected sharing [A6], for
	// events that do not contain it.
	sharingMoves = 3
	// expiryNotice is how long before its expiry a certificate is reported [SEC-53].
	expiryNotice = 14 * 24 * time.Hour
)

// occupancy is the last known state of a pool.
type occupancy struct {
	Full bool      `json:"full,omitempty"`
	Over bool      `json:"over,omitempty"`
	Told time.Time `json:"told,omitzero"` // when the full pool was reported last
}

// see adds an alert if the event is worth one, and reports whether it did. The
// result depends only on the state and the event, so reading the log twice from
// one position gives the same alerts.
func (s *state) see(e session.Event, pool string, threshold int) bool {
	switch e.Type {
	case session.LoginFailed:
		return s.guess(e, threshold)
	case session.AccountSharingSuspected:
		n := e.Count
		if n <= 0 {
			n = sharingMoves
		}
		s.add(Alert{Kind: Sharing, About: e.Username, At: e.At, N: n})
		return true
	}
	if e.Pool == session.SystemPool {
		return false
	}
	used := e.Held + e.Grace + e.Offered
	if e.Limit == 0 && used == 0 { // the event has no counters
		return false
	}
	o := s.pool(e.Pool)
	was := *o
	o.Full, o.Over = e.Limit > 0 && used >= e.Limit, used > e.Limit
	switch {
	case o.Over && !was.Over: // more important than that it is full
		s.add(Alert{Kind: Over, About: pool, At: e.At, Max: e.Limit, Used: used})
		return true
	case o.Full && !was.Full && !o.Over:
		return s.full(o, pool, e.Limit, e.At)
	}
	return false
}

func (s *state) pool(id session.PoolID) *occupancy {
	if s.Pools[id] == nil {
		s.Pools[id] = &occupancy{}
	}
	return s.Pools[id]
}

// full reports a full pool, unless that was done within quietLimit.
func (s *state) full(o *occupancy, pool string, limit int, at time.Time) bool {
	if ago := at.Sub(o.Told); !o.Told.IsZero() && ago < quietLimit && ago > -quietLimit {
		return false
	}
	o.Told = at
	s.add(Alert{Kind: Limit, About: pool, At: at, Max: limit, N: s.Refused.people(pool, at)})
	return true
}

// refusals says when users found no seat last, by pool and user [S9].
type refusals map[string]map[string]time.Time

// note remembers a refusal unless there are too many.
func (r refusals) note(pool, user string, at time.Time) {
	total := 0
	for _, users := range r {
		total += len(users)
	}
	if _, known := r[pool][user]; !known && total >= maxRefused {
		return
	}
	if r[pool] == nil {
		r[pool] = make(map[string]time.Time)
	}
	r[pool][user] = at
}

// expire forgets refusals older than an hour.
func (r refusals) expire(now time.Time) {
	for name, users := range r {
		for id, then := range users {
			if now.Sub(then) >= time.Hour {
				delete(users, id)
			}
		}
		if len(users) == 0 {
			delete(r, name)
		}
	}
}

// people returns how many users found no seat in the hour before at.
func (r refusals) people(pool string, at time.Time) int {
	n := 0
	for _, then := range r[pool] {
		if at.Sub(then) < time.Hour {
			n++
		}
	}
	return n
}

// refused records a user who found no seat. It also reports the full pool, which
// may have been full before the service first read the log.
func (s *state) refused(id session.PoolID, pool, user string, limit int, at time.Time) bool {
	if s.Refused == nil {
		s.Refused = make(refusals)
	}
	s.Refused.note(pool, user, at)
	return s.full(s.pool(id), pool, limit, at)
}

// guesses are the failed logins of the last minutes.
type guesses struct {
	Rows  []guessRow     `json:"rows,omitempty"`  // by minute, oldest first
	Names map[string]int `json:"names,omitempty"` // of all rows, at most maxNames
}

// guessRow are the failed logins of one minute.
type guessRow struct {
	At    time.Time      `json:"at"`
	N     int            `json:"n"`
	Names map[string]int `json:"names,omitempty"`
}

// guess counts failed logins. At the threshold it adds an alert and starts again
// from zero.
func (s *state) guess(e session.Event, threshold int) bool {
	if threshold <= 0 {
		return false
	}
	g := &s.Guesses
	g.expire(e.At)
	g.count(e.At, e.Username, max(e.Count+e.Throttled, 1))
	n := 0
	for _, row := range g.Rows {
		n += row.N
	}
	if n < threshold {
		return false
	}
	s.add(Alert{Kind: Guessing, At: g.Rows[0].At, Until: e.At, N: n, Name: g.top()})
	*g = guesses{}
	return true
}

func (g *guesses) expire(now time.Time) {
	for len(g.Rows) > 0 && now.Sub(g.Rows[0].At) >= guessWindow {
		for name, n := range g.Rows[0].Names {
			if g.Names[name] -= n; g.Names[name] <= 0 {
				delete(g.Names, name)
			}
		}
		g.Rows = g.Rows[1:]
	}
}

func (g *guesses) count(at time.Time, name string, n int) {
	minute := at.Truncate(time.Minute)
	if k := len(g.Rows); k == 0 || minute.After(g.Rows[k-1].At) {
		g.Rows = append(g.Rows, guessRow{At: minute})
	}
	row := &g.Rows[len(g.Rows)-1]
	row.N += n
	if name == "" { // no account has that name
		return
	}
	name = visible(name)
	if _, known := g.Names[name]; !known && len(g.Names) >= maxNames {
		return
	}
	if g.Names == nil {
		g.Names = make(map[string]int)
	}
	if row.Names == nil {
		row.Names = make(map[string]int)
	}
	g.Names[name] += n
	row.Names[name] += n
}

// top returns the name with the most failed logins, the alphabetically first one
// of equals, so that the result is always the same.
func (g *guesses) top() string {
	best, most := "", 0
	for name, n := range g.Names {
		if n > most || n == most && name < best {
			best, most = name, n
		}
	}
	return best
}

// expiring reports a certificate that is about to expire, each one once.
func (s *state) expiring(host string, end, now time.Time) bool {
	left := end.Sub(now)
	mark := host + " " + strconv.FormatInt(end.Unix(), 10)
	if end.IsZero() || left >= expiryNotice || s.Certificate == mark {
		return false
	}
	s.Certificate = mark
	days := int(max(left, 0) / (24 * time.Hour))
	s.add(Alert{Kind: Certificate, About: host, At: now, Until: end, N: days})
	return true
}
