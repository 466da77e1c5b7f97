package socketio

import (
	"context"
	"encoding/json"
	"sync"
	"sync/atomic"
)

// Namespace is one of the channels that share a connection. [sio5:namespace] Its
// methods may be called at any time, from any goroutine: what is added to it
// counts for all its sockets, from the next event or CONNECT on.
type Namespace struct {
	name   string
	server *Server
	rooms  rooms

	mu        sync.Mutex // held to change functions
	functions atomic.Pointer[functions]
}

// functions are what the owner added to a namespace. They are never changed:
// [Namespace.add] replaces them as a whole, so that events need no lock.
type functions struct {
	uses         []func(ctx context.Context, s *Socket, auth json.RawMessage) error
	onConnect    []func(s *Socket)
	onDisconnect []func(s *Socket, reason Reason)
	onEvent      []func(s *Socket, event string, ack *Ack) bool
	onUnknown    []func(ctx context.Context, s *Socket, event string, args Args, ack *Ack)
	handlers     handlers
}

func newNamespace(s *Server, name string) *Namespace {
	n := &Namespace{name: name, server: s}
	n.rooms.maxLost = s.cfg.MaxRecover
	n.functions.Store(new(functions))
	return n
}

// add changes a copy of the functions and puts it in their place.
func (n *Namespace) add(change func(f *functions)) {
	n.mu.Lock()
	defer n.mu.Unlock()
	next := *n.functions.Load()
	change(&next)
	n.functions.Store(&next)
}

// with returns a list with one more function; the list itself stays as it is.
func with[F any](list []F, f F) []F {
	return append(list[:len(list):len(list)], f)
}

// Name is the namespace's name, "/" for the main one.
func (n *Namespace) Name() string { return n.name }

// Use adds a check that runs at CONNECT, before the client is answered; it may
// block [sio5:middleware]. Auth is the client's auth object, or nil. A [*ConnectError] refuses for
// good, a [*CloseError] closes the transport so that the client comes back; any
// other error is a ConnectError that tells nothing.
func (n *Namespace) Use(f func(ctx context.Context, s *Socket, auth json.RawMessage) error) {
	n.add(func(fs *functions) { fs.uses = with(fs.uses, f) })
}

// OnConnect adds a function that runs when a client was told that it is
// connected, before any event of that socket. It is the place for [Socket.On],
// [Socket.Join] and first events.
func (n *Namespace) OnConnect(f func(s *Socket)) {
	n.add(func(fs *functions) { fs.onConnect = with(fs.onConnect, f) })
}

// OnDisconnect adds a function that runs once for each socket that passed the
// checks, after its last handler. When the socket ended while they ran, its
// OnConnect functions did not run.
func (n *Namespace) OnDisconnect(f func(s *Socket, reason Reason)) {
	n.add(func(fs *functions) { fs.onDisconnect = with(fs.onDisconnect, f) })
}

// On adds a handler of an event, for every socket of the namespace. An event may
// have several handlers: they run one after the other, in the order in which they
// were added, those of [Socket.On] last; the first that answers gives the answer.
//
// In an OnConnect function use [Socket.On]: On would add one more handler with
// each client. On panics for a name that no client can send ("connect",
// "connect_error", "disconnect", "disconnecting", "newListener",
// "removeListener"); see OnConnect and OnDisconnect.
func (n *Namespace) On(event string, h Handler, opts ...Option) {
	mustBeEvent(event)
	inline := false
	for _, o := range opts {
		inline = inline || o == Inline
	}
	n.add(func(fs *functions) { fs.handlers = fs.handlers.with(event, h, inline) })
}

// OnUnknown adds a handler of events that have none of their own. Without it they
// are dropped.
func (n *Namespace) OnUnknown(h func(ctx context.Context, s *Socket, event string, args Args, ack *Ack)) {
	n.add(func(fs *functions) { fs.onUnknown = with(fs.onUnknown, h) })
}

// OnEvent adds a function that sees each event before it is queued, in the
// reading goroutine. False drops the event; it may answer by ack, end the socket
// or close the connection. It must be cheap and must not block.
func (n *Namespace) OnEvent(f func(s *Socket, event string, ack *Ack) bool) {
	n.add(func(fs *functions) { fs.onEvent = with(fs.onEvent, f) })
}
