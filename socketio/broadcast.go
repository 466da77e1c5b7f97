package socketio

import (
	"maps"
	"slices"

	"github.com/turnike/turnike/engineio"
)

// Broadcast selects connected sockets of a namespace, for an event that is encoded once
// and shared by all of them [sio5:broadcast]. It may be kept and reused: the members of
// rooms are looked up at each use. Its methods return a new selection.
type Broadcast struct {
	namespace *Namespace
	to        []string
	except    []string
	without   []*Socket
}

// To selects the sockets that are in at least one of the rooms.
func (n *Namespace) To(rooms ...string) Broadcast { return Broadcast{namespace: n, to: rooms} }

// Except selects the sockets that are in none of the rooms.
func (n *Namespace) Except(rooms ...string) Broadcast { return Broadcast{namespace: n, except: rooms} }

// Without selects all sockets except the given ones.
func (n *Namespace) Without(sockets ...*Socket) Broadcast {
	return Broadcast{namespace: n, without: sockets}
}

// Socket returns the connected socket with that id, or nil.
func (n *Namespace) Socket(id string) *Socket {
	n.rooms.mu.Lock()
	defer n.rooms.mu.Unlock()
	return n.rooms.all[id]
}

// Len returns the number of connected sockets.
func (n *Namespace) Len() int {
	n.rooms.mu.Lock()
	defer n.rooms.mu.Unlock()
	return len(n.rooms.all)
}

// Sockets returns the connected sockets in no particular order. For the sockets of a
// room use n.To("room").Sockets().
func (n *Namespace) Sockets() []*Socket { return Broadcast{namespace: n}.Sockets() }

// Emit sends an event to every socket. It returns the errors of [EncodeEvent].
func (n *Namespace) Emit(event string, args ...any) error {
	return Broadcast{namespace: n}.Emit(event, args...)
}

// Send sends a payload, see [EncodeEvent], to every socket and returns how many accepted
// it.
func (n *Namespace) Send(p *engineio.Payload) int { return Broadcast{namespace: n}.Send(p) }

// To adds the sockets that are in at least one of the rooms.
func (b Broadcast) To(rooms ...string) Broadcast {
	b.to = slices.Concat(b.to, rooms)
	return b
}

// Except removes the sockets that are in at least one of the rooms.
func (b Broadcast) Except(rooms ...string) Broadcast {
	b.except = slices.Concat(b.except, rooms)
	return b
}

// Without removes the given sockets.
func (b Broadcast) Without(sockets ...*Socket) Broadcast {
	b.without = slices.Concat(b.without, sockets)
	return b
}

// Sockets returns the currently selected sockets in no particular order.
func (b Broadcast) Sockets() []*Socket { return slices.Collect(maps.Keys(b.sockets())) }

// Len returns the number of currently selected sockets.
func (b Broadcast) Len() int { return len(b.sockets()) }

// Disconnect disconnects the selected sockets from the namespace, see
// [Socket.Disconnect], and returns their number.
func (b Broadcast) Disconnect() (left int) {
	for s := range b.sockets() {
		if s.Disconnect() {
			left++
		}
	}
	return left
}

// Emit sends an event to the selected sockets. It returns the errors of [EncodeEvent].
func (b Broadcast) Emit(event string, args ...any) error {
	if b.namespace.recovers() {
		return b.emitKept(event, args)
	}
	p, err := EncodeEvent(b.namespace.name, event, args...)
	if err != nil {
		return err
	}
	b.Send(p)
	return nil
}

// Send sends a payload, see [EncodeEvent], and returns how many sockets accepted it. A
// socket that has ended meanwhile, or that reads too slowly, does not accept it.
func (b Broadcast) Send(p *engineio.Payload) (sent int) {
	for s := range b.sockets() {
		if s.Send(p) {
			sent++
		}
	}
	return sent
}

// sockets returns the selected sockets, so that sending happens outside the lock.
func (b Broadcast) sockets() set {
	r := &b.namespace.rooms
	r.mu.Lock()
	defer r.mu.Unlock()
	return b.choose()
}

// choose implements sockets. Callers must hold the namespace's rooms.mu.
func (b Broadcast) choose() set {
	r := &b.namespace.rooms
	chosen := make(set)
	if len(b.to) == 0 {
		for _, s := range r.all {
			chosen[s] = struct{}{}
		}
	}
	for _, name := range b.to {
		maps.Copy(chosen, r.members[name])
	}
	for _, name := range b.except {
		for s := range r.members[name] {
			delete(chosen, s)
		}
	}
	for _, s := range b.without {
		delete(chosen, s)
	}
	return chosen
}
