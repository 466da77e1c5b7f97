package realtime

import (
	"context"

	"github.com/turnike/turnike/engineio"
	"github.com/turnike/turnike/internal/session"
	"github.com/turnike/turnike/internal/text"
	"github.com/turnike/turnike/socketio"
)

// watching is a client that was refused a seat. It hears connection_slots whenever
// they change, until it is let in or leaves [S9].
type watching struct {
	client *client
	known  [2]int // limit and used seats, as the refusal said
}

// connectionSlots is connection_slots: how full the pool is, asked without taking a
// seat. A client that is not inside hears every change from then on, and need not
// register in time: it waits on purpose.
func (s *Server) connectionSlots(_ context.Context, sock *socketio.Socket, _ socketio.Args, ack *socketio.Ack) {
	c := clientOf(sock)
	if notYet(&c.lastSlots, s.core.Now(), syncInterval) {
		s.limited(limitSlots)
		c.tooOften(ack)
		return
	}
	if !c.registered.Load() {
		if !c.stopAwaiting() {
			return
		}
		c.watches.Store(true)
	}
	s.pool(s.sessions.snapshot(c).pool).push(asking{client: c, ack: ack, event: eventSlots})
}

// refuseSeat answers a registration that found no seat, and tells the client when
// one is free [S9].
func (s *Server) refuseSeat(c *client, ack *socketio.Ack, full *session.SeatError) {
	f := failure{Code: codeSeatLimit, Pool: full.Pool, Max: &full.Max, Used: &full.Used, RetryAfter: seconds(full.RetryAfter)}
	if full.Lost {
		f.Code = codeSeatLost
	}
	c.fail(ack, f, text.Fields{Max: full.Max, Used: full.Used, Wait: full.RetryAfter})
	s.pool(s.sessions.snapshot(c).pool).push(watching{client: c, known: [2]int{full.Max, full.Used}})
}

// watch adds a refused client to the watchers. What changed since the refusal was
// decided is sent at once.
func (p *pool) watch(w watching) {
	if p.view.slots.told() != w.known {
		w.client.sock.Send(p.view.slotsPayload())
	}
	p.watchers[w.client] = struct{}{}
}

// answerSlots tells a client how full the pool is; one that is not inside watches
// from here on.
func (p *pool) answerSlots(q asking) {
	if _, inside := p.members[q.client]; !inside {
		p.watchers[q.client] = struct{}{}
	}
	q.client.sock.Send(engineio.Concat(answer(q.ack, p.view.slotsNow()), p.view.slotsPayload()))
}

// turnAway refuses a question while the seats cannot be read. A client that watches
// has to ask again: until then it must register in time.
func (q asking) turnAway() {
	q.client.fail(q.ack, failure{Code: codeStoreUnavailable, RetryAfter: seconds(storePause)}, text.Fields{Wait: storePause})
	if q.event == eventSlots && q.client.watches.Swap(false) {
		q.client.awaitRegister()
	}
}
