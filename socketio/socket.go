package socketio

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/turnike/turnike/engineio"
)

// Socket is one client in one namespace. Its methods are safe for concurrent use. Only
// [Socket.EmitWithAck] waits for the client; none waits for a handler.
type Socket struct {
	id        string
	namespace *Namespace
	client    *client
	ctx       context.Context
	cancel    context.CancelFunc
	value     atomic.Pointer[any]
	checked   bool // the checks were passed; used by the worker only

	mu       sync.Mutex // guards the rest; rooms.mu may be taken under it
	state    state
	reason   Reason // once ended
	working  bool   // a goroutine runs handlers
	tasks    []task
	handlers handlers        // of this socket only
	auth     json.RawMessage // of its CONNECT
	room     chan struct{}   // the reading goroutine waits on it, see pause; capacity 1
	acks     map[uint64]awaiting
	awaited  int         // pending answers, and answers not yet delivered by a task
	late     int         // answers that timed out and may still arrive
	nextAck  uint64      // id of the next pending answer
	hurry    *time.Timer // cancels handlers that run too long after the client left

	rooms  []string // guarded by the namespace's rooms.mu
	inside bool     // guarded by rooms.mu too
	past   *past    // nil without recovery; set before inside
	offset string   // of the last event before the loss, for a recovering socket
}

// state of a socket. It only increases.
type state uint8

const (
	connecting state = iota
	connected
	leaving // the client sent DISCONNECT; events sent before it are still handled
	ended
)

func newSocket(c *client, n *Namespace) *Socket {
	s := &Socket{id: rand.Text(), namespace: n, client: c}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	return s
}

// ID returns the public id of the socket, which the client also knows.
func (s *Socket) ID() string { return s.id }

// Namespace returns the socket's namespace.
func (s *Socket) Namespace() *Namespace { return s.namespace }

// Conn returns the Engine.IO connection.
func (s *Socket) Conn() *engineio.Conn { return s.client.conn }

// Context returns a context that is cancelled when the socket ends.
func (s *Socket) Context() context.Context { return s.ctx }

// Value returns the value that SetValue stored last, or nil.
func (s *Socket) Value() any {
	if v := s.value.Load(); v != nil {
		return *v
	}
	return nil
}

// SetValue stores application data with the socket.
func (s *Socket) SetValue(v any) { s.value.Store(&v) }

// Ended reports whether the socket has ended; after that, everything sent to it is
// dropped.
func (s *Socket) Ended() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state > connected
}

// alive reports whether the socket has not ended yet, from the client's side.
func (s *Socket) alive() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state <= connected
}

// Emit sends an event with its arguments. It returns the errors of [EncodeEvent]. The
// event is dropped silently if the socket is not connected; see [Socket.Send].
func (s *Socket) Emit(event string, args ...any) error {
	if s.namespace.recovers() {
		return s.emitKept(event, args)
	}
	p, err := EncodeEvent(s.namespace.name, event, args...)
	if err != nil {
		return err
	}
	s.Send(p)
	return nil
}

// Send sends an encoded payload, see [EncodeEvent] and [Ack.Payload]. It returns false
// if the payload was dropped.
func (s *Socket) Send(p *engineio.Payload) bool {
	s.mu.Lock()
	up := s.state == connected
	s.mu.Unlock()
	// If the socket ends here, the connection drops the payload or sends it before the
	// last payload.
	return up && s.client.conn.Send(p)
}

// End ends the socket and its connection for good: it sends last, then DISCONNECT, then
// closes with code. Official clients do not reconnect automatically. Once End returns,
// frames of the client are discarded unread, everything sent to it is dropped, and the
// context is cancelled. If the CONNECT is still being checked, it is answered first, so
// that the client receives last. If the client has already left the namespace and its
// handlers are still running, nothing is sent and the connection stays open. End never
// waits for a handler, the peer or another End. It returns false if the socket had
// already ended.
func (s *Socket) End(code int, reason string, last *engineio.Payload) bool {
	s.mu.Lock()
	if s.state == ended {
		s.mu.Unlock()
		return false
	}
	unknown, left := s.state == connecting, s.state == leaving
	s.stop(ServerDisconnect)
	s.mu.Unlock()
	s.cancel()
	if left { // the client has left, and a new socket may use the connection
		return true
	}

	var words []*engineio.Payload
	if unknown { // a client ignores packets of a namespace it is not in
		words = append(words, encodeConnect(s.namespace.name, s.id, ""))
	}
	words = append(words, last)
	for _, t := range s.client.all() {
		if t == s || t.alive() {
			words = append(words, encodeDisconnect(t.namespace.name)) // [sio5:disconnect]
		}
	}
	s.client.conn.End(code, reason, engineio.Concat(words...))
	return true
}

// Disconnect removes the client from the namespace; the connection stays open. It
// returns false if the socket was not connected.
func (s *Socket) Disconnect() bool {
	s.mu.Lock()
	if s.state != connected {
		s.mu.Unlock()
		return false
	}
	s.stop(ServerDisconnect)
	idle := !s.working
	s.working = true
	s.mu.Unlock()
	s.cancel()
	s.client.conn.Send(encodeDisconnect(s.namespace.name))
	s.client.await()
	if idle {
		s.client.conn.Go(s.work)
	}
	return true
}

// stop marks the socket as ended and drops its queued events. If the client had left,
// the reason does not change. Callers must hold s.mu.
func (s *Socket) stop(reason Reason) {
	if s.state == leaving {
		reason = ClientDisconnect
	}
	s.state, s.reason = ended, reason
	s.tasks = slices.DeleteFunc(s.tasks, func(t task) bool { return !t.owed })
	s.giveUpAcks()
	s.exit()
}

// leave queues the client's DISCONNECT behind the events before it. [sio5:disconnect]
func (s *Socket) leave() {
	s.mu.Lock()
	if s.state > connected {
		s.mu.Unlock()
		return
	}
	if s.state == connecting {
		s.stop(ClientDisconnect) // the checks are still running
		s.mu.Unlock()
		s.cancel()
		return
	}
	s.state = leaving
	s.giveUpAcks()
	s.push(task{do: s.left})
	s.mu.Unlock()
	s.client.await()
}

// left ends a socket whose client has left, after its events were handled.
func (s *Socket) left() {
	s.mu.Lock()
	s.stop(ClientDisconnect)
	s.mu.Unlock()
	s.cancel()
}

// patience is how long handlers may still run after the client left and its connection
// ended.
const patience = 5 * time.Second

// lost is called when the connection ended. It runs in its own goroutine and becomes the
// worker if there is none.
func (s *Socket) lost(reason Reason) {
	s.mu.Lock()
	if s.state == leaving {
		s.hurry = time.AfterFunc(patience, s.cancel)
		s.mu.Unlock()
		return
	}
	if s.state != ended {
		s.stop(reason)
	}
	idle := !s.working
	s.working = true
	s.mu.Unlock()
	s.cancel()
	if idle {
		s.work()
	}
}
