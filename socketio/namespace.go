package socketio

import (
	"context"
	"encoding/json"
)

// Namespace is one of the channels that share a connection. [sio5:namespace]
type Namespace struct {
	name         string
	rooms        rooms
	uses         []func(ctx context.Context, s *Socket, auth json.RawMessage) error
	onConnect    []func(s *Socket)
	onDisconnect []func(s *Socket, reason Reason)
	onEvent      func(s *Socket, event string, ack *Ack) bool
	onUnknown    *handler
	handlers     map[string]*handler
}

// handler is what is registered for one event.
type handler struct {
	name   string // empty for onUnknown
	inline bool
	run    func(ctx context.Context, s *Socket, event string, args []json.RawMessage, ack *Ack)
}

// Handler handles one event. Args are its arguments, still encoded; a binary
// one arrives as a base64 JSON string, which unmarshals into a []byte. Ack is
// nil when the client wants none, and may be used after the handler returned.
type Handler func(ctx context.Context, s *Socket, args []json.RawMessage, ack *Ack)

// Option changes how a handler is run.
type Option int

// Inline lets a handler run in the goroutine that reads the connection, when
// nothing of the socket is queued before it. It must be cheap and must not
// block; args are valid only until it returns.
const Inline Option = 1

// Name is the namespace's name, "/" for the main one.
func (n *Namespace) Name() string { return n.name }

// Use adds a check that runs at CONNECT, before the client is answered; it may
// block [sio5:middleware]. Auth is the client's auth object, or nil. A [*ConnectError] refuses for
// good, a [*CloseError] closes the transport so that the client comes back; any
// other error is a ConnectError that tells nothing.
func (n *Namespace) Use(f func(ctx context.Context, s *Socket, auth json.RawMessage) error) {
	n.uses = append(n.uses, f)
}

// OnConnect adds a function that runs when a client was told that it is
// connected, before any event of that socket.
func (n *Namespace) OnConnect(f func(s *Socket)) { n.onConnect = append(n.onConnect, f) }

// OnDisconnect adds a function that runs once for each socket that passed the
// checks, after its last handler. When the socket ended while they ran, its
// OnConnect functions did not run.
func (n *Namespace) OnDisconnect(f func(s *Socket, reason Reason)) {
	n.onDisconnect = append(n.onDisconnect, f)
}

// On sets the handler of an event.
func (n *Namespace) On(event string, h Handler, opts ...Option) {
	hd := &handler{name: event}
	hd.run = func(ctx context.Context, s *Socket, _ string, args []json.RawMessage, ack *Ack) {
		h(ctx, s, args, ack)
	}
	for _, o := range opts {
		hd.inline = hd.inline || o == Inline
	}
	n.handlers[event] = hd
}

// OnUnknown sets the handler of events that have none of their own. Without it
// they are dropped.
func (n *Namespace) OnUnknown(h func(ctx context.Context, s *Socket, event string, args []json.RawMessage, ack *Ack)) {
	n.onUnknown = &handler{run: h}
}

// OnEvent sets a function that sees each event before it is queued, in the
// reading goroutine. False drops the event; it may answer by ack, end the socket
// or close the connection. It must be cheap and must not block.
func (n *Namespace) OnEvent(f func(s *Socket, event string, ack *Ack) bool) { n.onEvent = f }
