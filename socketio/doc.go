// Package socketio serves Socket.IO protocol revision 5 on top of package
// engineio.
//
// # What it owns
//
// Packets, namespaces, the connect handshake, events, acknowledgements and their
// binary attachments, and the order of all that happens to one [Socket].
//
// # In which order things happen
//
//  1. A client's CONNECT runs the functions of [Namespace.Use] in order. If all
//     agree the client is answered, then the [Namespace.OnConnect] functions run.
//     Events that come before the answer wait unread.
//  2. Events of one socket are handled in order, one at a time, in a worker
//     goroutine that exists only while something is queued. When the queue is
//     full the connection is not read further. A handler added with [Inline]
//     runs in the reading goroutine when nothing is queued before it.
//  3. [Namespace.OnDisconnect] functions run last, exactly once for each socket
//     whose OnConnect functions ran, after the handler that was running then.
//
// A client's DISCONNECT waits for its turn behind the events sent before it. A
// lost transport and [Socket.End] do not: events not yet begun are dropped, and
// the socket's context is cancelled at once.
//
// # What it must not know
//
// Users, tokens, or any other meaning of an event.
//
// Clauses are tagged at the line that obeys them: [sio5:…] for the Socket.IO
// protocol, revision 5 (https://socket.io/docs/v4/socket-io-protocol/).
package socketio
