package socketio

import (
	"crypto/rand"
	"encoding/json"
	"slices"
	"time"

	"github.com/turnike/turnike/engineio"
)

// Connection state recovery: see [Config.RecoverFor].

// maxKept and maxKeptBytes bound the events that are kept for one socket, the
// latest ones.
const (
	maxKept      = 64
	maxKeptBytes = 256 << 10
)

// past is what a socket needs to go on where its connection was lost: its own
// while it is connected, in rooms.lost after. It is guarded by the namespace's
// rooms.mu.
type past struct {
	id, pid string // of the socket; pid is secret between client and server
	events  []sent
	bytes   int

	rooms   []string // once lost
	value   any
	until   time.Time
	claimed bool // a socket that is connecting goes on with it
}

// sent is an event that a client may have missed.
type sent struct {
	offset  string
	payload *engineio.Payload
}

// add keeps an event, and forgets the oldest where there are too many.
func (p *past) add(e sent) {
	p.events = append(p.events, e)
	p.bytes += e.payload.Len()
	for len(p.events) > maxKept || p.bytes > maxKeptBytes {
		p.bytes -= p.events[0].payload.Len()
		p.events = slices.Delete(p.events, 0, 1)
	}
}

// after returns the events that followed an offset; false when that is not known
// any more.
func (p *past) after(offset string) ([]sent, bool) {
	i := slices.IndexFunc(p.events, func(e sent) bool { return e.offset == offset })
	return slices.Clone(p.events[i+1:]), i >= 0
}

// recovers reports whether the namespace keeps the state of lost sockets.
func (n *Namespace) recovers() bool { return n.server.cfg.RecoverFor > 0 }

// encodeKept encodes an event with an offset, by which a client says what it had
// last: its last argument.
func (n *Namespace) encodeKept(event string, args []any) (sent, error) {
	offset := rand.Text()
	p, err := EncodeEvent(n.name, event, append(slices.Clip(args), offset)...)
	return sent{offset, p}, err
}

// emitKept is Emit where lost sockets recover.
func (s *Socket) emitKept(event string, args []any) error {
	e, err := s.namespace.encodeKept(event, args)
	if err != nil {
		return err
	}
	r := &s.namespace.rooms
	r.mu.Lock()
	if s.inside {
		s.past.add(e)
	}
	r.mu.Unlock()
	s.Send(e.payload)
	return nil
}

// emitKept is Emit where lost sockets recover: those that are lost are meant, too.
func (b Broadcast) emitKept(event string, args []any) error {
	e, err := b.namespace.encodeKept(event, args)
	if err != nil {
		return err
	}
	r := &b.namespace.rooms
	r.mu.Lock()
	r.expire()
	chosen := b.choose()
	for s := range chosen {
		s.past.add(e)
	}
	for _, p := range r.lost {
		if b.means(p) {
			p.add(e)
		}
	}
	r.mu.Unlock()
	for s := range chosen {
		s.Send(e.payload)
	}
	return nil
}

// means reports whether a lost socket is among those chosen.
func (b Broadcast) means(p *past) bool {
	in := func(room string) bool { return slices.Contains(p.rooms, room) }
	return (len(b.to) == 0 || slices.ContainsFunc(b.to, in)) && !slices.ContainsFunc(b.except, in) &&
		!slices.ContainsFunc(b.without, func(s *Socket) bool { return s.id == p.id })
}

// expire forgets the lost sockets whose time is over, and the oldest where there
// are too many. The caller holds r.mu.
func (r *rooms) expire() {
	now := time.Now()
	tooMany := len(r.lost) - r.maxLost
	r.lost = slices.DeleteFunc(r.lost, func(p *past) bool {
		tooMany--
		return !p.claimed && (tooMany >= 0 || now.After(p.until))
	})
}

// lose keeps the state of a socket whose connection was lost. The caller holds
// s.mu and r.mu.
func (r *rooms) lose(s *Socket, keep time.Duration) {
	switch {
	case s.past == nil:
	case s.past.claimed: // it did not get as far as to go on
		s.past.claimed = false
	case s.inside && recoverable(s.reason):
		p := s.past
		p.rooms, p.value, p.until = s.rooms, s.Value(), time.Now().Add(keep)
		r.lost = append(r.lost, p)
		r.expire()
	}
}

// recoverable reports whether a client that was lost so may go on: neither side
// wanted the end, as by the reference.
func recoverable(reason Reason) bool {
	return reason != ClientDisconnect && reason != ServerDisconnect
}

// recover finds the state that a connecting client asks to go on with.
func (s *Socket) recover() {
	var in struct{ PID, Offset string }
	if json.Unmarshal(s.auth, &in) != nil || in.PID == "" || in.Offset == "" {
		return
	}
	r := &s.namespace.rooms
	r.mu.Lock()
	defer r.mu.Unlock()
	r.expire()
	for _, p := range r.lost {
		if _, known := p.after(in.Offset); p.pid != in.PID || p.claimed || !known {
			continue
		}
		p.claimed = true
		s.id, s.past, s.offset = p.id, p, in.Offset
		s.rooms = slices.Clone(p.rooms)
		s.SetValue(p.value)
		return
	}
}

// keep begins to keep the socket's state, if the namespace does, and returns the
// secret by which the client asks for it.
func (s *Socket) keep() (pid string) {
	if !s.namespace.recovers() {
		return ""
	}
	s.namespace.rooms.mu.Lock()
	defer s.namespace.rooms.mu.Unlock()
	if s.past == nil {
		s.past = &past{id: s.id, pid: rand.Text()}
	}
	return s.past.pid
}

// Recovered reports whether the socket goes on where an earlier connection was
// lost: with its id, rooms and value. See [Config.RecoverFor].
func (s *Socket) Recovered() bool { return s.offset != "" }

// catchUp sends what a recovered socket has missed, and then enters it.
func (s *Socket) catchUp() {
	for offset := s.offset; ; {
		missed, entered := s.enterAfter(offset)
		if entered {
			return
		}
		for _, e := range missed {
			s.Send(e.payload)
			offset = e.offset
		}
	}
}

// enterAfter enters the socket when nothing followed the offset; otherwise it
// returns that. What is sent while the socket catches up is kept for it as for a
// lost one.
func (s *Socket) enterAfter(offset string) (missed []sent, entered bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := &s.namespace.rooms
	r.mu.Lock()
	defer r.mu.Unlock()
	if s.state == ended {
		return nil, true
	}
	if missed, _ = s.past.after(offset); len(missed) > 0 {
		return missed, false
	}
	s.past.claimed = false
	r.lost = slices.DeleteFunc(r.lost, func(p *past) bool { return p == s.past })
	s.enterLocked()
	return nil, true
}
