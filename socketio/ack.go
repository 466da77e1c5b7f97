package socketio

import (
	"context"
	"sync/atomic"

	"github.com/turnike/turnike/engineio"
)

// Ack answers one event. A nil *Ack stands for an event that needs no answer: all its
// methods do nothing. An Ack may be used once, even after the handler has returned.
// [sio5:ack]
type Ack struct {
	socket *Socket
	id     uint64
	used   atomic.Bool
}

// Wanted reports whether the client expects an answer.
func (a *Ack) Wanted() bool { return a != nil && !a.used.Load() }

// Reply answers the event. The arguments are encoded like those of an event, see
// [EncodeEvent]; it returns only encoding errors.
func (a *Ack) Reply(args ...any) error {
	p, err := a.Payload(args...)
	if err != nil || p == nil {
		return err
	}
	a.socket.Send(p)
	return nil
}

// Payload returns the encoded answer, to be sent by [Socket.Send], alone or together
// with other payloads. It is nil if the client expects no answer, or was already
// answered.
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

// EmitWithAck sends an event and waits for the client's answer until ctx ends or
// [Config.AckTimeout] has passed; it then returns the context's error. It returns
// [ErrNotConnected] if the socket is not connected or ends first, and [ErrTooManyAcks]
// if too many answers are pending.
//
// It may be called from a handler, but not from one with [Inline]. Meanwhile the
// socket's other events wait. If more than [Config.MaxEvents] events arrive before the
// answer, the answer is stuck behind them and the call times out. If that can happen,
// use [Socket.EmitWithAckFunc].
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
	a := <-got // arrives at the latest when the socket ends
	return a.args, a.err
}

// EmitWithAckFunc is EmitWithAck without waiting: f is called once with the answer or
// the error, in the socket's worker like a handler. If EmitWithAckFunc itself returns an
// error ([ErrNotConnected], [ErrTooManyAcks] or an encoding error), f is not called.
func (s *Socket) EmitWithAckFunc(ctx context.Context, f func(args Args, err error), event string, args ...any) error {
	return s.ask(ctx, func(args Args, err error) {
		s.push(task{owed: true, do: func() {
			s.mu.Lock()
			s.awaited-- // only here, so that there are at most MaxAcks such tasks
			s.mu.Unlock()
			f(args, err)
		}})
	}, event, args)
}

// awaiting is a pending answer.
type awaiting struct {
	deliver func(args Args, err error) // called once, with the socket's mutex held
	stop    func()                     // its time-out
}

// ask sends an event that needs an answer.
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

// reserve counts a pending answer and returns its id.
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

// await registers the delivery of an answer, or of the error that ends the wait.
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

// take removes a pending answer. Callers must hold s.mu.
func (s *Socket) take(id uint64) (awaiting, bool) {
	w, ok := s.acks[id]
	delete(s.acks, id)
	return w, ok
}

// unanswered gives up an answer that timed out.
func (s *Socket) unanswered(id uint64, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if w, ok := s.take(id); ok {
		w.stop()
		s.late++
		w.deliver(nil, err)
	}
}

// acked handles a client's answer in the reading goroutine. Like the reference server,
// it ignores an answer that is not pending. It returns false to count that answer,
// unless the answer is only late.
func (s *Socket) acked(p packet) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state > connected {
		return true // sent before the client knew that the socket had ended
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

// giveUpAcks ends the wait for all answers, because none can arrive any more. Callers
// must hold s.mu.
func (s *Socket) giveUpAcks() {
	for id, w := range s.acks {
		w.stop()
		delete(s.acks, id)
		w.deliver(nil, ErrNotConnected)
	}
}
