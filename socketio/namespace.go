package socketio

import (
	"context"
	"encoding/json"
	"sync"
	"sync/atomic"
)

// Namespace is one of the channels that share a connection. [sio5:namespace] Its methods
// may be called at any time, from any goroutine. Added functions apply to all its
// sockets from the next event or CONNECT on.
type Namespace struct {
	name   string
	server *Server
	rooms  rooms

	mu        sync.Mutex // held while functions is replaced
	functions atomic.Pointer[functions]
}

// functions holds the functions that were added to a namespace. It is never modified:
// [Namespace.add] replaces it as a whole, so that events need no lock.
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

// add changes a copy of the functions and replaces them with it.
func (n *Namespace) add(change func(f *functions)) {
	n.mu.Lock()
	defer n.mu.Unlock()
	next := *n.functions.Load()
	change(&next)
	n.functions.Store(&next)
}

// with returns a copy of the list with one function added.
func with[F any](list []F, f F) []F {
	return append(list[:len(list):len(list)], f)
}

// Name returns the namespace's name, "/" for the main one.
func (n *Namespace) Name() string { return n.name }

// Use adds a check that runs at CONNECT, before the client is answered; it may block
// [sio5:middleware]. auth is the client's auth object, or nil. A [*ConnectError] refuses
// for good; a [*CloseError] closes the transport so that the client reconnects. Any
// other error becomes a ConnectError without details.
func (n *Namespace) Use(f func(ctx context.Context, s *Socket, auth json.RawMessage) error) {
	n.add(func(fs *functions) { fs.uses = with(fs.uses, f) })
}

// OnConnect adds a function that runs after the answer to CONNECT was sent, before any
// event of that socket. Use it for [Socket.On], [Socket.Join] and the first events.
func (n *Namespace) OnConnect(f func(s *Socket)) {
	n.add(func(fs *functions) { fs.onConnect = with(fs.onConnect, f) })
}

// OnDisconnect adds a function that runs once for each socket that passed the checks,
// after its last handler. If the socket ended during the checks, its OnConnect functions
// did not run.
func (n *Namespace) OnDisconnect(f func(s *Socket, reason Reason)) {
	n.add(func(fs *functions) { fs.onDisconnect = with(fs.onDisconnect, f) })
}

// On adds a handler of an event for every socket of the namespace. An event may have
// several handlers: they run one after the other in the order in which they were added,
// those of [Socket.On] last. The first answer counts.
//
// In an OnConnect function use [Socket.On]: On would add another handler for each
// client. On panics for a name that no client can send ("connect", "connect_error",
// "disconnect", "disconnecting", "newListener", "removeListener"); see OnConnect and
// OnDisconnect.
func (n *Namespace) On(event string, h Handler, opts ...Option) {
	mustBeEvent(event)
	inline := false
	for _, o := range opts {
		inline = inline || o == Inline
	}
	n.add(func(fs *functions) { fs.handlers = fs.handlers.with(event, h, inline) })
}

// OnUnknown adds a handler for events that have no handler. Without it they are dropped.
func (n *Namespace) OnUnknown(h func(ctx context.Context, s *Socket, event string, args Args, ack *Ack)) {
	n.add(func(fs *functions) { fs.onUnknown = with(fs.onUnknown, h) })
}

// OnEvent adds a function that is called for each event in the reading goroutine, before
// the event is queued. Returning false drops the event; the function may answer with
// ack, end the socket or close the connection. It must be cheap and must not block.
func (n *Namespace) OnEvent(f func(s *Socket, event string, ack *Ack) bool) {
	n.add(func(fs *functions) { fs.onEvent = with(fs.onEvent, f) })
}
