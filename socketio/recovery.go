package socketio

import (
	"crypto/rand"
	"encoding/json"
	"slices"
	"time"

	"github.com/turnike/turnike/engineio"
)

// Connection state recovery: see [Config.RecoverFor].

// maxKept and maxKeptBytes bound the latest events that are kept for one socket.
const (
	maxKept      = 64
	maxKeptBytes = 256 << 10
)

// past is the state that a socket needs to continue after its connection was lost. The
// socket owns it while it is connected; afterwards it is in rooms.lost. The namespace's
// rooms.mu guards it.
type past struct {
	id, pid string // of the socket; pid is a secret between client and server
	events  []sent
	bytes   int

	rooms   []string // once lost
	value   any
	until   time.Time
	claimed bool // a connecting socket continues with it
}

// sent is an event that a client may have missed.
type sent struct {
	offset  string
	payload *engineio.Payload
}

// add stores an event and removes the oldest ones above the bounds.
func (p *past) add(e sent) {
	p.events = append(p.events, e)
	p.bytes += e.payload.Len()
	for len(p.events) > maxKept || p.bytes > maxKeptBytes {
		p.bytes -= p.events[0].payload.Len()
		p.events = slices.Delete(p.events, 0, 1)
	}
}

// after returns the events after an offset. It returns false if the offset is no longer
// known.
func (p *past) after(offset string) ([]sent, bool) {
	i := slices.IndexFunc(p.events, func(e sent) bool { return e.offset == offset })
	return slices.Clone(p.events[i+1:]), i >= 0
}

// recovers reports whether the namespace keeps the state of lost sockets.
func (n *Namespace) recovers() bool { return n.server.cfg.RecoverFor > 0 }

// encodeKept encodes an event with an offset as its last argument. When a client
// reconnects, it sends the last offset it received.
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

// emitKept is Emit for a namespace with recovery: it also stores the event for selected
// sockets that are lost.
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

// means reports whether a lost socket is selected.
func (b Broadcast) means(p *past) bool {
	in := func(room string) bool { return slices.Contains(p.rooms, room) }
	return (len(b.to) == 0 || slices.ContainsFunc(b.to, in)) && !slices.ContainsFunc(b.except, in) &&
		!slices.ContainsFunc(b.without, func(s *Socket) bool { return s.id == p.id })
}

// expire removes the lost sockets whose time has passed, and the oldest ones above the
// bound. Callers must hold r.mu.
func (r *rooms) expire() {
	now := time.Now()
	tooMany := len(r.lost) - r.maxLost
	r.lost = slices.DeleteFunc(r.lost, func(p *past) bool {
		tooMany--
		return !p.claimed && (tooMany >= 0 || now.After(p.until))
	})
}

// lose keeps the state of a socket whose connection was lost. Callers must hold s.mu and
// r.mu.
func (r *rooms) lose(s *Socket, keep time.Duration) {
	switch {
	case s.past == nil:
	case s.past.claimed: // recovery had not finished
		s.past.claimed = false
	case s.inside && recoverable(s.reason):
		p := s.past
		p.rooms, p.value, p.until = s.rooms, s.Value(), time.Now().Add(keep)
		r.lost = append(r.lost, p)
		r.expire()
	}
}

// recoverable reports whether a client may recover after an end with this reason. As in
// the reference, neither side must have closed on purpose.
func recoverable(reason Reason) bool {
	return reason != ClientDisconnect && reason != ServerDisconnect
}

// recover returns the state that a connecting client wants to continue with.
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

// keep starts keeping the socket's state, if recovery is enabled, and returns the secret
// that the client needs to recover it.
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

// Recovered reports whether the socket continues the state of a lost connection: its id,
// rooms and value. See [Config.RecoverFor].
func (s *Socket) Recovered() bool { return s.offset != "" }

// catchUp sends the events that a recovered socket has missed, then enters it into its
// rooms.
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

// enterAfter enters the socket if no event followed the offset; otherwise it returns the
// missed events. Events that are sent meanwhile are stored as for a lost socket.
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
