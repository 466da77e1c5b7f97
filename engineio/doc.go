// Package engineio serves Engine.IO protocol revision 4 over HTTP long-polling
// and websocket, with upgrade from the first to the second.
//
// # What it owns
//
// The wire: handshakes, frames, polling bodies, heartbeats, queues towards slow
// peers, and every way a connection can end. One [Server] owns its [Conn]s, one
// sweeper (a heap of deadlines behind a single timer) and every goroutine it
// starts; [Server.Wait] returns when all of them are gone.
//
// # In which order things happen
//
//  1. A request without sid passes the checks of the reference server, then
//     [Config.CheckRequest].
//  2. The opener given to [NewServer] returns the connection's [Receiver]; only
//     then the open packet goes out, so that no packet can arrive unattended.
//  3. Messages reach [Receiver.Message] one at a time and in order.
//  4. [Receiver.Closed] is called exactly once, in a goroutine of its own.
//
// A websocket connection costs one reading goroutine. A polling connection
// costs none. Writers are the callers of [Conn.Send] themselves as long as the
// kernel is known to take the bytes without blocking; otherwise a flusher
// goroutine lives for as long as there is something to flush.
//
// # What it must not know
//
// Socket.IO, users, tokens, or any other meaning of a message.
//
// Clauses are tagged at the line that obeys them: [eio4:…] for the Engine.IO
// protocol, revision 4 (https://socket.io/docs/v4/engine-io-protocol/), and
// [RFC6455:…] for the websocket protocol.
package engineio
