package socketio

import (
	"errors"
	"fmt"
)

// ErrTooManyAcks is returned by [Socket.EmitWithAck] while [Config.MaxAcks] answers are
// pending.
var ErrTooManyAcks = errors.New("socketio: too many acknowledgements awaited")

// ErrReserved is returned for an event whose name is reserved on the client: connect,
// connect_error, disconnect, disconnecting, newListener and removeListener.
var ErrReserved = errors.New("socketio: the event name is reserved")

// ConnectError refuses a CONNECT: the client receives a connect_error with message and
// data. Official clients do not retry.
type ConnectError struct {
	Message string
	Data    any
}

// Error implements error.
func (e *ConnectError) Error() string { return "socketio: connect refused: " + e.Message }

// CloseError refuses a CONNECT by closing the transport with a code, without
// CONNECT_ERROR. Official clients reconnect.
type CloseError struct {
	Code   int
	Reason string
}

// Error implements error.
func (e *CloseError) Error() string { return fmt.Sprintf("socketio: closed with %d", e.Code) }

// ErrNotConnected is returned by [Socket.EmitWithAck] when the socket is not
// connected, or ends before the answer.
var ErrNotConnected = errors.New("socketio: not connected")
