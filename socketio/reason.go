package socketio

import "github.com/turnike/turnike/engineio"

// Reason says why a socket ended, in the reference server's words.
type Reason string

// The reasons.
const (
	// ClientDisconnect: the client left the namespace by DISCONNECT.
	ClientDisconnect Reason = "client namespace disconnect"
	// ServerDisconnect: by [Socket.Disconnect] or [Socket.End], of this socket or
	// of another of the connection.
	ServerDisconnect Reason = "server namespace disconnect"
	// ServerShutdown: by [Server.Close] or [Server.CloseOver].
	ServerShutdown Reason = "server shutting down"
	// PingTimeout: the client did not answer a ping in time.
	PingTimeout Reason = "ping timeout"
	// TransportClose: the client closed the connection, or it broke off.
	TransportClose Reason = "transport close"
	// TransportError: the connection failed.
	TransportError Reason = "transport error"
	// ParseError: the client sent what is no Engine.IO packet or websocket frame.
	ParseError Reason = "parse error"
	// ForcedClose: this side closed the connection, for a packet that is none of
	// Socket.IO, a queue that is full, a panic, or by a method of its
	// [engineio.Conn].
	ForcedClose Reason = "forced close"
)

// reason says why the sockets of a connection ended with it.
func (c *client) reason(why engineio.Closure) Reason {
	switch {
	case why.Final:
		return ServerDisconnect
	case c.forced.Load():
		return ForcedClose
	}
	if end := c.server.closing.Load(); end != nil && *end == (farewell{why.Code, why.Detail}) {
		return ServerShutdown
	}
	return Reason(why.Reason) // Engine.IO has the same names
}

// farewell is how a server that closes ends its connections.
type farewell struct {
	code   int
	reason string
}
