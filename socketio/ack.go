package socketio

import (
	"context"
	"sync/atomic"

	"github.com/turnike/turnike/engineio"
)

// Ack answers one event. A nil *Ack stands for an event that wants no answer:
// all its methods do nothing. It may be used once, also after the handler
// returned. [sio5:ack]
type Ack struct {
	socket *Socket
	id     uint64
	used   atomic.Bool
}

// Wanted reports whether the client waits for an answer.
func (a *Ack) Wanted() bool { return a != nil && !a.used.Load() }

// Reply answers the event. Args are sent as those of an event, see
// [EncodeEvent]; the error is about encoding only.
func (a *Ack) Reply(args ...any) error {
	p, err := a.Payload(args...)
	if err != nil || p == nil {
		return err
	}
	a.socket.Send(p)
	return nil
}

// Payload is the encoded answer, for the caller to send by [Socket.Send], alone
// or together with others; nil when none is wanted or it was given before.
func (a *Ack) Payload(args ...any) (*engineio.Payload, error) {
	if a == nil || a.used.Load() {
		return nil, nil
	}
	p, err := encode(ack, a.socket.namespace.name, a.id, true, nil, args)
	if err != nil {
		return nil, err
	}
	if !a.used.CompareAndSwap(false, true) {
		return nil, nil
	}
	return p, nil
}

// EmitWithAck sends an event and waits for the client's answer: until ctx ends,
// or [Config.AckTimeout] is over. The error is then that of the context; it is
// [ErrNotConnected] when the socket is not connected or ends before, and
// [ErrTooManyAcks] while too many answers are awaited.
//
// It may be called from a handler, but not from one with [Inline]. The socket's
// other events wait meanwhile; when more than [Config.MaxEvents] come before the
// answer, that waits behind them, and so in vain. Where that may happen, use
// [Socket.EmitWithAckFunc].
func (s *Socket) EmitWithAck(ctx context.Context, event string, args ...any) (Args, error) {
	type answer struct {
		args Args
		err  error
	}
	got := make(chan answer, 1)
	deliver := func(args Args, err error) {
		s.awaited--
		got <- answer{args, err}
	}
	if err := s.ask(ctx, deliver, event, args); err != nil {
		return nil, err
	}
	a := <-got // which comes in time, or with the socket's end
	return a.args, a.err
}

// EmitWithAckFunc is EmitWithAck without waiting: f is called once, in the
// socket's worker as a handler is, with the answer or the error. What it returns
// itself is [ErrNotConnected], [ErrTooManyAcks] or about encoding; f is not
// called then.
func (s *Socket) EmitWithAckFunc(ctx context.Context, f func(args Args, err error), event string, args ...any) error {
	return s.ask(ctx, func(args Args, err error) {
		s.push(task{owed: true, do: func() {
			s.mu.Lock()
			s.awaited-- // not before: so that there are at most MaxAcks such tasks
			s.mu.Unlock()
			f(args, err)
		}})
	}, event, args)
}

// awaiting is an answer that is awaited.
type awaiting struct {
	deliver func(args Args, err error) // called once, with the socket's mutex held
	stop    func()                     // its time-out
}

// ask sends an event that wants an answer.
func (s *Socket) ask(ctx context.Context, deliver func(Args, error), event string, args []any) error {
	id, err := s.reserve()
	if err != nil {
		return err
	}
	p, err := encodeEventWithID(s.namespace.name, id, event, args)
	if err == nil {
		err = s.await(ctx, id, deliver)
	}
	if err != nil {
		s.mu.Lock()
		s.awaited--
		s.mu.Unlock()
		return err
	}
	s.Send(p)
	return nil
}

// reserve counts an answer in and returns the id it will have.
func (s *Socket) reserve() (id uint64, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state != connected {
		return 0, ErrNotConnected
	}
	if s.awaited >= s.client.server.cfg.MaxAcks { // [SEC-39]
		return 0, ErrTooManyAcks
	}
	id = s.nextAck
	s.nextAck++
	s.awaited++
	return id, nil
}

// await has an answer delivered, or the error that ends the wait.
func (s *Socket) await(ctx context.Context, id uint64, deliver func(Args, error)) error {
	ctx, cancel := context.WithTimeout(ctx, s.client.server.cfg.AckTimeout)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state != connected {
		cancel()
		return ErrNotConnected
	}
	if s.acks == nil {
		s.acks = make(map[uint64]awaiting)
	}
	forget := context.AfterFunc(ctx, func() { s.unanswered(id, ctx.Err()) })
	s.acks[id] = awaiting{deliver, func() { forget(); cancel() }}
	return nil
}

// take removes an answer from those that are awaited. The caller holds s.mu.
func (s *Socket) take(id uint64) (awaiting, bool) {
	w, ok := s.acks[id]
	delete(s.acks, id)
	return w, ok
}

// unanswered gives an answer up whose time is over.
func (s *Socket) unanswered(id uint64, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if w, ok := s.take(id); ok {
		w.stop()
		s.late++
		w.deliver(nil, err)
	}
}

// acked takes a client's answer from the reading goroutine. One that nothing waits
// for is ignored, as by the reference server, but counted (false), unless it is
// only late.
func (s *Socket) acked(p packet) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state > connected {
		return true // it was on its way when the socket ended
	}
	w, ok := s.take(p.id)
	switch {
	case ok:
		w.stop()
		w.deliver(p.args.own(), nil)
	case s.late > 0 && p.id < s.nextAck:
		s.late-- // each may be late once
	default:
		return false
	}
	return true
}

// giveUpAcks ends the wait for all answers: none can come any more. The caller
// holds s.mu.
func (s *Socket) giveUpAcks() {
	for id, w := range s.acks {
		w.stop()
		delete(s.acks, id)
		w.deliver(nil, ErrNotConnected)
	}
}
