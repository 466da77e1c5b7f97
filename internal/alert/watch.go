package alert

import (
	"strconv"
	"time"

	"github.com/turnike/turnike/internal/session"
)

const (
	// quietLimit is how long a pool that was told to be full is not told so
	// again: one that lives at its limit would fill the mailbox.
	quietLimit = time.Hour
	// guessWindow is the time in which failed logins are counted together.
	guessWindow = 15 * time.Minute
	// maxNames bounds how many guessed names are counted one by one.
	maxNames = 1000
	// maxRefused bounds how many people without a seat are remembered.
	maxRefused = 1000
	// sharingMoves is how many replacements break the war, where an event does
	// not say it [A6].
	sharingMoves = 3
	// expiryNotice is how long before its end a certificate is told of [SEC-53].
	expiryNotice = 14 * 24 * time.Hour
)

// occupancy is what was last seen of a pool.
type occupancy struct {
	Full bool      `json:"full,omitempty"`
	Over bool      `json:"over,omitempty"`
	Told time.Time `json:"told,omitzero"` // that it is full
}

// see turns an event into what is worth telling. It reports whether an alert
// waits because of it. What it does depends on the state and the event alone, so
// that a log read twice from one place says the same.
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
	if e.Limit == 0 && used == 0 { // the event does not say
		return false
	}
	o := s.pool(e.Pool)
	was := *o
	o.Full, o.Over = e.Limit > 0 && used >= e.Limit, used > e.Limit
	switch {
	case o.Over && !was.Over: // says more than that it is full
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

// full tells of a full pool, unless that was told of late.
func (s *state) full(o *occupancy, pool string, limit int, at time.Time) bool {
	if ago := at.Sub(o.Told); !o.Told.IsZero() && ago < quietLimit && ago > -quietLimit {
		return false
	}
	o.Told = at
	s.add(Alert{Kind: Limit, About: pool, At: at, Max: limit, N: s.Refused.people(pool, at)})
	return true
}

// refusals are when people found no seat last, by pool and user [S9].
type refusals map[string]map[string]time.Time

// note remembers a refusal, as long as there are not too many.
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

// expire forgets those that are an hour old.
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

// people is how many found no seat in the hour before at.
func (r refusals) people(pool string, at time.Time) int {
	n := 0
	for _, then := range r[pool] {
		if at.Sub(then) < time.Hour {
			n++
		}
	}
	return n
}

// refused takes note of somebody who found no seat. A pool that nobody was told
// of is told of now: it may have been full before anybody looked.
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

// guess counts failed logins, and tells when there were too many in a while;
// then the count begins anew.
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
	if name == "" { // there is no such account
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

// top is the name that was guessed at most; of equals the first in order, so
// that the answer is always the same.
func (g *guesses) top() string {
	best, most := "", 0
	for name, n := range g.Names {
		if n > most || n == most && name < best {
			best, most = name, n
		}
	}
	return best
}

// expiring tells of a certificate that is about to expire, once of each.
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
