package socketio

import (
	"slices"
	"sync"
)

// rooms holds the sockets of a namespace and of its rooms. A socket is in it from the
// answer to its CONNECT until its end. [sio5:rooms]
type rooms struct {
	mu      sync.Mutex         // guards the fields below, and rooms and inside of each socket
	all     map[string]*Socket // by id
	members map[string]set     // never an empty set
	lost    []*past            // sockets that may recover, the earliest first
	maxLost int                // bound of len(lost); never changed
}

// set is a set of sockets.
type set map[*Socket]struct{}

// Join adds the socket to rooms of its namespace. It leaves them automatically when it
// ends. Joining a room twice, or after the end, has no effect. In a function of
// [Namespace.Use], Join takes effect once the client is connected.
func (s *Socket) Join(names ...string) {
	// The state is read under both locks, so that no join can follow the end.
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state == ended {
		return
	}
	r := &s.namespace.rooms
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, name := range names {
		if slices.Contains(s.rooms, name) {
			continue
		}
		s.rooms = append(s.rooms, name)
		if s.inside {
			r.add(name, s)
		}
	}
}

// Leave removes the socket from rooms.
func (s *Socket) Leave(names ...string) {
	r := &s.namespace.rooms
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, name := range names {
		if i := slices.Index(s.rooms, name); i >= 0 {
			s.rooms = slices.Delete(s.rooms, i, i+1)
			r.remove(name, s)
		}
	}
}

// Rooms returns the rooms the socket is in, in the order it joined them.
func (s *Socket) Rooms() []string {
	r := &s.namespace.rooms
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(s.rooms)
}

// enter adds the socket to its namespace and rooms, so that it receives their events.
func (s *Socket) enter() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state == ended {
		return
	}
	s.namespace.rooms.mu.Lock()
	defer s.namespace.rooms.mu.Unlock()
	s.enterLocked()
}

// enterLocked implements enter. Callers must hold s.mu and rooms.mu.
func (s *Socket) enterLocked() {
	r := &s.namespace.rooms
	s.inside = true
	if r.all == nil {
		r.all = make(map[string]*Socket)
	}
	r.all[s.id] = s
	for _, name := range s.rooms {
		r.add(name, s)
	}
}

// exit undoes enter and every Join. Callers must hold s.mu.
func (s *Socket) exit() {
	r := &s.namespace.rooms
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lose(s, s.namespace.server.cfg.RecoverFor)
	for _, name := range s.rooms {
		r.remove(name, s)
	}
	if r.all[s.id] == s {
		delete(r.all, s.id)
	}
	s.rooms, s.inside = nil, false
}

// add adds a socket to a room. Callers must hold r.mu.
func (r *rooms) add(name string, s *Socket) {
	if r.members == nil {
		r.members = make(map[string]set)
	}
	if r.members[name] == nil {
		r.members[name] = make(set)
	}
	r.members[name][s] = struct{}{}
}

// remove removes a socket from a room. Callers must hold r.mu.
func (r *rooms) remove(name string, s *Socket) {
	if m := r.members[name]; m != nil {
		delete(m, s)
		if len(m) == 0 {
			delete(r.members, name)
		}
	}
}
