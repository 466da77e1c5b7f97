package socketio

import (
	"encoding/json"
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

// Reply answers the event; the error is about encoding only.
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

// EmitWithAck sends an event and has f called in the socket's worker: with the
// client's answer, or with false when the socket ended before.
// [ErrTooManyAcks] when too many answers are awaited.
func (s *Socket) EmitWithAck(f func(args []json.RawMessage, ok bool), event string, args ...any) error {
	s.mu.Lock()
	if s.state != connected {
		s.mu.Unlock()
		return ErrNotConnected
	}
	if len(s.acks) >= s.client.server.cfg.MaxAcks {
		s.mu.Unlock()
		return ErrTooManyAcks // [SEC-39]
	}
	id := s.nextAck
	s.nextAck++
	if s.acks == nil {
		s.acks = make(map[uint64]func([]json.RawMessage, bool))
	}
	s.acks[id] = f
	s.mu.Unlock()

	p, err := encodeEventWithID(s.namespace.name, id, event, args)
	if err != nil {
		s.mu.Lock()
		delete(s.acks, id)
		s.mu.Unlock()
		return err
	}
	s.Send(p)
	return nil
}

// acked takes a client's answer from the reading goroutine. One that nobody waits
// for is ignored, as by the reference server, but counted (false).
func (s *Socket) acked(p packet) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state > connected {
		return true // it was on its way when the socket ended
	}
	f := s.acks[p.id]
	if f == nil {
		return false
	}
	delete(s.acks, p.id)
	args := own(p.args)
	s.push(task{do: func() { f(args, true) }}) // at most MaxAcks of them
	return true
}
