package socketio

import (
	"context"
	"encoding/json"
)

// Namespace is one of the channels that share a connection.
type Namespace struct{}

// Handler handles one event. Args are its arguments, still encoded; a binary
// one arrives as a base64 JSON string, which unmarshals into a []byte. Ack is
// nil when the client wants none, and may be used after the handler returned.
type Handler func(ctx context.Context, s *Socket, args []json.RawMessage, ack *Ack)

// Option changes how a handler is run.
type Option int

// Inline lets a handler run in the goroutine that reads the connection. It must
// be cheap and must not block; args are valid only until it returns.
const Inline Option = 1

// Use adds a check that runs at CONNECT, before the client is answered. Auth is
// the client's auth object, or nil. A [*ConnectError] refuses for good, a
// [*CloseError] closes the transport so that the client comes back; any other
// error is a ConnectError that tells nothing.
func (n *Namespace) Use(f func(ctx context.Context, s *Socket, auth json.RawMessage) error) {
	panic("skeleton")
}

// OnConnect adds a function that runs when a client was told that it is
// connected, before any event of that socket.
func (n *Namespace) OnConnect(f func(s *Socket)) { panic("skeleton") }

// OnDisconnect adds a function that runs once for each OnConnect.
func (n *Namespace) OnDisconnect(f func(s *Socket, reason Reason)) { panic("skeleton") }

// On sets the handler of an event.
func (n *Namespace) On(event string, h Handler, opts ...Option) { panic("skeleton") }

// OnUnknown sets the handler of events that have none of their own.
func (n *Namespace) OnUnknown(h func(ctx context.Context, s *Socket, event string, args []json.RawMessage, ack *Ack)) {
	panic("skeleton")
}

// OnEvent sets a function that sees each event before it is queued, in the
// reading goroutine. False drops the event; it may answer by ack, end the socket
// or close the connection. It must be cheap and must not block.
func (n *Namespace) OnEvent(f func(s *Socket, event string, ack *Ack) bool) { panic("skeleton") }
