package realtime

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/turnike/turnike/engineio"
	"github.com/turnike/turnike/internal/presence"
	"github.com/turnike/turnike/internal/text"
	"github.com/turnike/turnike/socketio"
)

// syncInterval is how often a client may ask for the state [P3].
const syncInterval = time.Second

// getOnlineUsers handles get_online_users.
func (s handlers) getOnlineUsers(_ context.Context, sock *socketio.Socket, _ socketio.Args, ack *socketio.Ack) {
	c := clientOf(sock)
	if s.mayAsk(c, ack, &c.lastList, s.cfg.Limits.OnlineUsers, limitOnlineUsers) {
		s.ask(c, ack, presence.AboutOnlineUsers)
	}
}

// presenceSync handles presence_sync.
func (s handlers) presenceSync(_ context.Context, sock *socketio.Socket, _ socketio.Args, ack *socketio.Ack) {
	c := clientOf(sock)
	if s.mayAsk(c, ack, &c.lastSync, syncInterval, limitSync) {
		s.ask(c, ack, presence.AboutPresence)
	}
}

// mayAsk reports whether a client is inside and has not asked the same within the
// interval. If not, it answers so.
func (s handlers) mayAsk(c *client, ack *socketio.Ack, last *atomic.Int64, interval time.Duration, limit string) bool {
	switch {
	case !c.registered.Load():
		c.fail(ack, failure{Code: codeNotRegistered}, text.Fields{})
		return false
	case notYet(last, s.core.Now(), interval):
		s.limited(limit)
		c.tooOften(ack)
		return false
	}
	return true
}

// connectionSlots handles connection_slots: it answers how full the pool is. A
// client that is not inside hears every change from then on, and need not register
// in time any more [S9].
func (s handlers) connectionSlots(_ context.Context, sock *socketio.Socket, _ socketio.Args, ack *socketio.Ack) {
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
	s.ask(c, ack, presence.AboutSlots)
}

// ask has the hub of a client's pool answer a question.
func (s handlers) ask(c *client, ack *socketio.Ack, topic presence.Topic) {
	s.hubs.Of(s.sessions.snapshot(c).pool).Ask(presence.Question{Receiver: c, Topic: topic, Reply: reply{c, ack, topic}})
}

// reply implements presence.Reply for a client's event.
type reply struct {
	client *client
	ack    *socketio.Ack
	topic  presence.Topic
}

// Ack implements presence.Reply.
func (r reply) Ack(body any) *engineio.Payload { return answer(r.ack, body) }

// Refuse implements presence.Reply. A client that watches must ask again when the
// seats cannot be read; until then the time to register runs.
func (r reply) Refuse(why presence.Refusal) {
	if why == presence.Forbidden {
		r.client.fail(r.ack, failure{Code: codeForbidden}, text.Fields{})
		return
	}
	r.client.fail(r.ack, failure{Code: codeStoreUnavailable, RetryAfter: seconds(storePause)}, text.Fields{Wait: storePause})
	if r.topic == presence.AboutSlots && r.client.watches.Swap(false) {
		r.client.awaitRegister()
	}
}

// notYet reports whether less than the interval has passed since last. If not, it
// sets last to now.
func notYet(last *atomic.Int64, now time.Time, interval time.Duration) bool {
	if interval <= 0 {
		return false
	}
	ms := now.UnixMilli()
	was := last.Load()
	return ms-was < interval.Milliseconds() || !last.CompareAndSwap(was, ms)
}
