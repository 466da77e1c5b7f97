package socketio

import "github.com/turnike/turnike/engineio"

// Reason is why a socket ended, named as in the reference server.
type Reason string

// The reasons.
const (
	// ClientDisconnect: the client left the namespace by DISCONNECT.
	ClientDisconnect Reason = "client namespace disconnect"
	// ServerDisconnect: [Socket.Disconnect] or [Socket.End] was called for this socket,
	// or End for another socket of the connection.
	ServerDisconnect Reason = "server namespace disconnect"
	// ServerShutdown: [Server.Close] or [Server.CloseOver] was called.
	ServerShutdown Reason = "server shutting down"
	// PingTimeout: the client did not answer a ping in time.
	PingTimeout Reason = "ping timeout"
	// TransportClose: the client closed the connection, or the connection was lost.
	TransportClose Reason = "transport close"
	// TransportError: the connection failed.
	TransportError Reason = "transport error"
	// ParseError: the client sent an invalid Engine.IO packet or websocket frame.
	ParseError Reason = "parse error"
	// ForcedClose: this side closed the connection, because of an invalid Socket.IO
	// packet, a full queue, a panic, or a call of a method of its [engineio.Conn].
	ForcedClose Reason = "forced close"
)

// reason returns the Reason of sockets that ended together with their connection.
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
	return Reason(why.Reason) // Engine.IO uses the same names
}

// farewell is the close code and reason of a server that closes.
type farewell struct {
	code   int
	reason string
}
