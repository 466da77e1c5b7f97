package realtime

import (
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/turnike/turnike/internal/account"
	"github.com/turnike/turnike/internal/auth"
	"github.com/turnike/turnike/internal/session"
	"github.com/turnike/turnike/socketio"
)

// record is a live session with sockets. A rotation changes its id, not the record
// [A5]. The registry guards it.
type record struct {
	sid      string
	user     string
	name     string
	role     account.Role
	pool     session.PoolID
	poolName string
	expires  time.Time
	clients  []*client
	replaced []time.Time // when connections were replaced lately [S1]
	turned   []time.Time // when registrations were refused because of that
	slow     []time.Time // when connections could not keep up [P4]
}

// registry records which sockets belong to which session.
type registry struct {
	mu   sync.Mutex // guards all below, and the records
	live map[string]*record
}

const (
	replaceWindow = 10 * time.Second // [S1]
	replaceMax    = 5
	slowWindow    = time.Minute // [P4]
	slowMax       = 3
)

// Why a CONNECT to a live session is refused.
var (
	errFallsBehind = &socketio.CloseError{Code: closeSlowConsumer, Reason: "slow consumer"}      // [P4]
	errFights      = errors.New("realtime: the session's connections keep replacing each other") // [S1]
	errTooMany     = &socketio.CloseError{Code: closeTryAgain, Reason: codeRateLimited}          // [SEC-42]
)

// attach binds a client to its session. It refuses a session whose connections keep
// falling behind [P4], one at its limit of connections (most; zero is no limit), and
// one whose connections keep registering although that is refused [S1].
func (g *registry) attach(id auth.Identity, c *client, most int) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	r, ok := g.live[id.Session.ID]
	if !ok {
		r = &record{sid: id.Session.ID, user: id.User.ID, name: id.User.Name, role: id.User.Role,
			pool: id.Session.Pool, poolName: id.Token.Pool, expires: id.Session.Expires}
		g.live[r.sid] = r
	}
	if len(recent(&r.slow, slowWindow)) >= slowMax {
		return errFallsBehind
	}
	if most > 0 && r.connections() >= most {
		return errTooMany
	}
	if len(recent(&r.turned, replaceWindow)) >= replaceMax && r.inside(c) > 0 {
		return errFights
	}
	c.record = r
	r.clients = append(r.clients, c)
	return nil
}

// connections returns the number of the session's sockets. Those inside count as
// one, because S1 bounds them.
func (r *record) connections() (n int) {
	inside := 0
	for _, c := range r.clients {
		switch {
		case c.sock.Ended():
		case c.registered.Load():
			inside = 1
		default:
			n++
		}
	}
	return n + inside
}

// detach forgets a client, and its session if that was the last one. A record whose
// connections fell behind is kept until slowWindow is over.
func (g *registry) detach(c *client) {
	g.mu.Lock()
	defer g.mu.Unlock()
	r := c.record
	r.clients = slices.DeleteFunc(r.clients, func(o *client) bool { return o == c })
	if len(r.clients) == 0 && len(recent(&r.slow, slowWindow)) == 0 && g.live[r.sid] == r {
		delete(g.live, r.sid)
	}
}

// connections returns the ids of all sockets that are bound to a session.
func (g *registry) connections() map[string]bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	ids := make(map[string]bool)
	for _, r := range g.live {
		for _, c := range r.clients {
			ids[c.sock.ID()] = true
		}
	}
	return ids
}

// end forgets a session and returns its clients.
func (g *registry) end(sid string) []*client {
	g.mu.Lock()
	defer g.mu.Unlock()
	r, ok := g.live[sid]
	if !ok {
		return nil
	}
	delete(g.live, sid)
	return slices.Clone(r.clients)
}

// of returns the sessions of a pool.
func (g *registry) of(pool session.PoolID) []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	var sids []string
	for sid, r := range g.live {
		if r.pool == pool {
			sids = append(sids, sid)
		}
	}
	return sids
}

// rotate gives a session its new id [A5].
func (g *registry) rotate(old, next string, expires time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	r, ok := g.live[old]
	if !ok {
		return
	}
	delete(g.live, old)
	if n, ok := g.live[next]; ok { // a socket with the new token came first
		for _, c := range r.clients {
			c.record = n
		}
		n.clients = append(n.clients, r.clients...)
		return
	}
	r.sid, r.expires = next, expires
	g.live[next] = r
}

// replaced returns the clients with the given socket ids [S1].
func (g *registry) replaced(sid string, conns []string) []*client {
	if len(conns) == 0 {
		return nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	r, ok := g.live[sid]
	if !ok {
		return nil
	}
	var out []*client
	for _, c := range r.clients {
		if slices.Contains(conns, c.sock.ID()) {
			out = append(out, c)
		}
	}
	return out
}

// mayReplace reports whether a client may replace a connection of its session, and
// counts the replacement: after replaceMax within replaceWindow two tabs keep
// replacing each other [S1]. A session may have most connections, or any number if
// most is 0. A client that fits beside the others replaces none.
func (g *registry) mayReplace(c *client, most int) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	r := c.record
	if most <= 0 || r.inside(c) < most {
		return true
	}
	if len(recent(&r.replaced, replaceWindow)) >= replaceMax {
		r.turned = append(recent(&r.turned, replaceWindow), time.Now())
		return false
	}
	r.replaced = append(r.replaced, time.Now())
	return true
}

// inside returns the number of registered clients other than one.
func (r *record) inside(other *client) (n int) {
	for _, o := range r.clients {
		if o != other && o.registered.Load() && !o.sock.Ended() {
			n++
		}
	}
	return n
}

// fellBehind notes that a connection of the session could not keep up [P4].
func (g *registry) fellBehind(c *client) {
	g.mu.Lock()
	defer g.mu.Unlock()
	c.record.slow = append(recent(&c.record.slow, slowWindow), time.Now())
}

// current returns the id of a client's session, and reports whether its time is
// over.
func (g *registry) current(c *client, now time.Time) (sid string, expired bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return c.record.sid, !now.Before(c.record.expires)
}

// forget drops the sessions without clients whose slowWindow is over [P4].
func (g *registry) forget() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for sid, r := range g.live {
		if len(r.clients) == 0 && len(recent(&r.slow, slowWindow)) == 0 {
			delete(g.live, sid)
		}
	}
}

// snapshot returns a copy of a client's session, without its sockets.
func (g *registry) snapshot(c *client) record {
	g.mu.Lock()
	defer g.mu.Unlock()
	r := *c.record
	r.clients, r.replaced, r.turned, r.slow = nil, nil, nil, nil
	return r
}

// sid returns the present id of a client's session.
func (g *registry) sid(c *client) string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return c.record.sid
}

// recent drops the times that are older than the window.
func recent(times *[]time.Time, window time.Duration) []time.Time {
	*times = slices.DeleteFunc(*times, func(t time.Time) bool { return time.Since(t) > window })
	return *times
}
