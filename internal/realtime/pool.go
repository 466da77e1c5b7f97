package realtime

import (
	"slices"
	"sync"
	"time"

	"github.com/turnike/turnike/engineio"
	"github.com/turnike/turnike/internal/session"
	"github.com/turnike/turnike/internal/text"
	"github.com/turnike/turnike/socketio"
)

// What is queued for a hub, beside events.
type (
	// joining is a client whose registration is committed.
	joining struct {
		client *client
		ack    *socketio.Ack
	}
	// asking is a member that wants to know who is inside.
	asking struct {
		client *client
		ack    *socketio.Ack
		event  string
	}
	// gone is a client whose connection is over.
	gone struct{ client *client }
)

// pool is the hub of a pool: the only one that sends its presence. A goroutine
// works only while something is queued.
type pool struct {
	id     session.PoolID
	server *Server

	mu    sync.Mutex // guards queue and busy
	queue []any
	busy  bool

	// The goroutine at work owns what follows.
	view     *view
	members  map[*client]struct{}
	watchers map[*client]struct{} // not inside; they hear connection_slots alone [S9]
	stale    bool                 // the members have missed something
}

// push queues an item; it never blocks.
func (p *pool) push(item any) {
	p.mu.Lock()
	p.queue = append(p.queue, item)
	start := !p.busy
	p.busy = true
	p.mu.Unlock()
	if start {
		p.server.tasks.Go(p.drain)
	}
}

// drain works off the queue, batch by batch: while one batch is told, the next
// one forms.
func (p *pool) drain() {
	for {
		p.mu.Lock()
		batch := p.queue
		p.queue = nil
		if len(batch) == 0 {
			p.busy = false
			p.mu.Unlock()
			return
		}
		p.mu.Unlock()
		if p.view == nil && len(p.members)+len(p.watchers) == 0 && !slices.ContainsFunc(batch, wantsView) {
			continue // nobody listens: the first to join reads the seats
		}
		begin := time.Now()
		if !p.work(batch) {
			return // the server stops
		}
		p.rest(time.Since(begin))
	}
}

// wantsView reports whether an item cannot be worked off without the seats.
func wantsView(item any) bool {
	switch item.(type) {
	case joining, watching, asking:
		return true
	}
	return false
}

const (
	restAfter = 2 * time.Millisecond
	restMost  = 100 * time.Millisecond
)

// rest follows a long turn with a pause of the same length. Where many are told of
// many a hub takes half a core at most, who comes in gets at the other half, and
// more changes share the next write [P4]. A single change goes out at once: the
// pause comes after it.
func (p *pool) rest(took time.Duration) {
	if took < restAfter {
		return
	}
	select {
	case <-time.After(min(took, restMost)):
	case <-p.server.ctx.Done():
	}
}

// work takes one turn; false when the server stops. After a panic the seats are
// read anew, the members get the whole state at the next turn, and who was about
// to join comes back.
func (p *pool) work(batch []any) (goesOn bool) {
	defer p.server.recovered("a pool's hub", func() {
		p.view, p.stale, goesOn = nil, true, true
		for _, item := range batch {
			if j, ok := item.(joining); ok {
				delete(p.members, j.client)
				j.client.sock.Conn().Close(closeInternal, codeInternal)
			}
		}
	})
	if !p.load() {
		return false
	}
	p.turn(batch)
	return true
}

// load makes sure that there is a view; it tries until there is one. The log gets
// the first failure.
func (p *pool) load() bool {
	logged := false
	for wait := 10 * time.Millisecond; p.view == nil; wait = min(2*wait, time.Second) {
		snap, err := p.server.cfg.Snapshot(p.server.ctx, p.id)
		if err == nil {
			p.view = newView(snap, p.server.cfg)
			return true
		}
		if !logged {
			logged = true
			p.server.log.Error("presence not read; trying again until it is", "pool", p.id, "error", err)
		}
		p.shed()
		select {
		case <-p.server.ctx.Done():
			return false
		case <-time.After(wait):
		}
	}
	return true
}

// shed keeps the queue short while the seats cannot be read [I7]: what was
// committed by now will be in them, and who asks can ask again. What is left is
// a few items for each connection.
func (p *pool) shed() {
	var turned []asking
	p.mu.Lock()
	p.queue = slices.DeleteFunc(p.queue, func(item any) bool {
		switch it := item.(type) {
		case session.Event:
			p.stale = true
			return true
		case asking:
			turned = append(turned, it)
			return true
		}
		return false
	})
	p.mu.Unlock()
	for _, q := range turned {
		q.turnAway()
	}
}

// turn tells the members what happened, then answers who joined or asked. Items
// of the latter kind come last: a snapshot may be newer than what it was asked
// for, never older [P3].
func (p *pool) turn(batch []any) {
	var changes []*engineio.Payload
	before, told := p.view.visibility(), p.view.slots.told()
	resync := p.view.shiftTo(p.server.core.Shift()) || p.stale
	for _, item := range batch {
		switch it := item.(type) {
		case session.Event:
			switch p.view.apply(it) {
			case applied:
				if it.Status != "" {
					changes = append(changes, p.view.status(it))
				}
			case missed:
				p.view = nil
				if !p.load() {
					return
				}
				p.view.shiftTo(p.server.core.Shift())
				changes, resync = nil, true
			}
		case gone:
			delete(p.members, it.client)
			delete(p.watchers, it.client)
		}
	}
	resync = resync || p.view.visibility() != before
	p.tell(changes, resync, p.view.slots.told() != told)
	p.stale = false
	for _, item := range batch {
		switch it := item.(type) {
		case joining:
			p.join(it)
		case watching:
			p.watch(it)
		case asking:
			p.answer(it)
		}
	}
}

// tell sends what is due to every member, in one write each [P4].
func (p *pool) tell(changes []*engineio.Payload, resync, occupancy bool) {
	if len(p.members)+len(p.watchers) == 0 || (len(changes) == 0 && !resync && !occupancy) {
		return
	}
	var last *engineio.Payload
	if occupancy || resync {
		last = p.view.slotsPayload()
	}
	forAudience := func(a audience) *engineio.Payload {
		switch {
		case resync:
			return engineio.Concat(p.view.sync(a), last)
		case a == seesNames:
			return engineio.Concat(append(changes, last)...)
		default:
			return last
		}
	}
	var due [2]*engineio.Payload
	for _, a := range []audience{seesNames, seesCount} {
		due[a] = forAudience(a)
	}
	for c := range p.members {
		if d := due[p.audience(c)]; d != nil {
			c.sock.Send(d)
		}
	}
	if last == nil {
		return
	}
	for c := range p.watchers {
		if !c.entering.Load() {
			c.sock.Send(last)
		}
	}
}

// join lets a client in: the ack first, then the answers of the contract, then,
// from the next turn on, every change [P3].
func (p *pool) join(j joining) {
	c, s := j.client, p.server
	rec := s.sessions.snapshot(c)
	ok := registered{OK: true, Username: rec.name, SID: c.sock.ID(),
		User:      userInfo{Username: rec.name, Role: string(rec.role), Pool: p.view.name},
		ExpiresAt: timestamp(s.core.Wall(rec.expires)), GraceMS: s.core.Rules().Grace.Milliseconds()}
	a := p.audience(c)
	c.sock.Send(engineio.Concat(answer(j.ack, ok), encode(eventResponse, ok), p.view.slotsPayload(),
		p.view.names(a), p.view.sync(a)).Snapshot())
	delete(p.watchers, c)
	if !c.sock.Ended() {
		p.members[c] = struct{}{}
	}
}

// answer tells a member who is inside.
func (p *pool) answer(q asking) {
	c, a := q.client, p.audience(q.client)
	var body socketio.JSON
	var event *engineio.Payload
	switch {
	case q.event == eventSlots:
		p.answerSlots(q)
		return
	case q.event == eventPresenceSync:
		body, event = p.view.syncJSON(a), p.view.sync(a)
	case a == seesCount && p.view.visibility() == session.VisibilityNone:
		c.fail(q.ack, failure{Code: codeForbidden}, text.Fields{})
		return
	default:
		body, event = p.view.namesJSON(a), p.view.names(a)
	}
	c.sock.Send(engineio.Concat(answer(q.ack, body), event).Snapshot())
}

// audience is what a client may see [P5]: administrators see all.
func (p *pool) audience(c *client) audience {
	if c.admin || p.view.visibility() == session.VisibilityNames {
		return seesNames
	}
	return seesCount
}
