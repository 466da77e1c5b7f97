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

// Socket is one client in one namespace. Its methods may be called from any
// goroutine, and none waits for the client or for a handler.
type Socket struct {
	id        string
	namespace *Namespace
	client    *client
	ctx       context.Context
	cancel    context.CancelFunc
	value     atomic.Pointer[any]
	checked   bool // the checks were passed; the worker's own

	mu       sync.Mutex // guards the rest; rooms.mu may be taken under it
	state    state
	reason   Reason // once ended
	working  bool   // a goroutine runs handlers
	tasks    []task
	handlers handlers        // of this socket alone
	auth     json.RawMessage // of its CONNECT
	room     chan struct{}   // the reading goroutine waits, see pause; capacity 1
	acks     map[uint64]awaiting
	awaited  int         // answers that are awaited, or that a task has yet to take
	late     int         // answers that were given up and may still come
	nextAck  uint64      // id of the next one
	hurry    *time.Timer // cancels handlers that outlive a client that left

	rooms  []string // guarded by the namespace's rooms.mu
	inside bool     // guarded by it, too
	past   *past    // nil unless lost sockets recover; set before it is inside
	offset string   // of the last event before the loss, for a socket that recovers
}

// state of a socket. It only rises.
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

// ID is the public id of the socket, the same the client knows.
func (s *Socket) ID() string { return s.id }

// Namespace is the namespace the socket is in.
func (s *Socket) Namespace() *Namespace { return s.namespace }

// Conn is the connection below.
func (s *Socket) Conn() *engineio.Conn { return s.client.conn }

// Context is cancelled when the socket ended.
func (s *Socket) Context() context.Context { return s.ctx }

// Value is what SetValue stored last, or nil.
func (s *Socket) Value() any {
	if v := s.value.Load(); v != nil {
		return *v
	}
	return nil
}

// SetValue stores the owner's own data with the socket.
func (s *Socket) SetValue(v any) { s.value.Store(&v) }

// Ended reports whether the socket ended: nothing sent will reach it any more.
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

// Emit sends an event with its arguments, see [EncodeEvent], which also says what
// the error is about. The event is dropped silently unless the socket is
// connected: see [Socket.Send].
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

// Send sends an encoded payload, see [EncodeEvent] and [Ack.Payload]; false when
// it was dropped.
func (s *Socket) Send(p *engineio.Payload) bool {
	s.mu.Lock()
	up := s.state == connected
	s.mu.Unlock()
	// If the socket ends here the connection drops the payload, or sends it
	// before the last words.
	return up && s.client.conn.Send(p)
}

// End ends the socket and its connection for good: last, then DISCONNECT, then
// the close with code; official clients do not come back by themselves. From
// the moment it returns the client's frames are discarded unread, all that is
// sent to it is dropped, and the context is cancelled. A client whose CONNECT is
// still being checked is told that it is connected, so that it hears last. One
// that has left, and whose handlers still run, hears nothing, and its connection
// stays. It never waits for a handler, the peer or another End; false when the
// socket had ended before.
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
	if left { // nobody to tell, and the connection may be its successor's
		return true
	}

	var words []*engineio.Payload
	if unknown { // a client hears nothing in a namespace that it is not in
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

// Disconnect makes the client leave the namespace; the connection stays. False
// when the socket was not connected.
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

// stop marks the socket ended. A client that left keeps its reason. Events that
// wait are dropped. The caller holds s.mu.
func (s *Socket) stop(reason Reason) {
	if s.state == leaving {
		reason = ClientDisconnect
	}
	s.state, s.reason = ended, reason
	s.tasks = slices.DeleteFunc(s.tasks, func(t task) bool { return !t.owed })
	s.giveUpAcks()
	s.exit()
}

// leave takes the client's DISCONNECT, which waits for its turn. [sio5:disconnect]
func (s *Socket) leave() {
	s.mu.Lock()
	if s.state > connected {
		s.mu.Unlock()
		return
	}
	if s.state == connecting {
		s.stop(ClientDisconnect) // while the checks still run
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

// left ends a socket whose client left, its events being handled.
func (s *Socket) left() {
	s.mu.Lock()
	s.stop(ClientDisconnect)
	s.mu.Unlock()
	s.cancel()
}

// patience is how long handlers may go on for a client that left and is gone.
const patience = 5 * time.Second

// lost is called when the connection ended. It runs in a goroutine of its own,
// and makes itself the worker when there is none.
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
