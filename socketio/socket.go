package socketio

import (
	"context"
	"encoding/json"

	"github.com/turnike/turnike/engineio"
)

// Socket is one client in one namespace.
type Socket struct{}

// ID is the public id of the socket, the same the client knows.
func (s *Socket) ID() string { panic("skeleton") }

// Namespace is the namespace the socket is in.
func (s *Socket) Namespace() *Namespace { panic("skeleton") }

// Conn is the connection below.
func (s *Socket) Conn() *engineio.Conn { panic("skeleton") }

// Context is cancelled when the socket ended.
func (s *Socket) Context() context.Context { panic("skeleton") }

// Value is what SetValue stored last, or nil.
func (s *Socket) Value() any { panic("skeleton") }

// SetValue stores the owner's own data with the socket.
func (s *Socket) SetValue(v any) { panic("skeleton") }

// Emit sends an event. It is dropped silently once the socket ended; the error
// is about encoding only.
func (s *Socket) Emit(event string, args ...any) error { panic("skeleton") }

// EmitWithAck sends an event and has f called with the client's answer, or with
// a nil slice and false when the socket ended before. [ErrTooManyAcks] when too
// many answers are awaited.
func (s *Socket) EmitWithAck(f func(args []json.RawMessage, ok bool), event string, args ...any) error {
	panic("skeleton")
}

// Send sends an encoded payload, see [EncodeEvent]; false when it was dropped.
func (s *Socket) Send(p *engineio.Payload) bool { panic("skeleton") }

// End ends the socket and its connection for good: last, then DISCONNECT, then
// the close with code; the client does not come back by itself. It returns at
// once; false when the socket had ended before.
func (s *Socket) End(code int, reason string, last *engineio.Payload) bool { panic("skeleton") }

// Disconnect makes the client leave the namespace; the connection stays.
func (s *Socket) Disconnect() bool { panic("skeleton") }

// Ended reports whether the socket ended.
func (s *Socket) Ended() bool { panic("skeleton") }

// Reason says why a socket ended.
type Reason int

// The reasons.
const (
	// ClientDisconnect: the client sent DISCONNECT.
	ClientDisconnect Reason = iota + 1
	// TransportLost: the connection ended in any other way, its close by the
	// server included.
	TransportLost
	// ServerEnded: by [Socket.End] or [Socket.Disconnect].
	ServerEnded
)
