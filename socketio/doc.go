// Package socketio serves Socket.IO protocol revision 5, on top of package
// engineio. A complete server:
//
//	package main
//
//	import (
//		"context"
//		"encoding/json"
//		"log"
//		"net/http"
//
//		"github.com/turnike/turnike/socketio"
//	)
//
//	func main() {
//		server := socketio.NewServer(socketio.Config{})
//		chat := server.Of("/")
//		chat.Use(func(_ context.Context, s *socketio.Socket, auth json.RawMessage) error {
//			var in struct{ Name string }
//			if json.Unmarshal(auth, &in) != nil || in.Name == "" {
//				return &socketio.ConnectError{Message: "who are you?"} // the client's connect_error
//			}
//			s.SetValue(in.Name)
//			return nil
//		})
//		chat.OnConnect(func(s *socketio.Socket) {
//			s.Join("lobby")
//			_ = s.Emit("welcome", s.ID())
//		})
//		chat.On("say", func(_ context.Context, s *socketio.Socket, args socketio.Args, ack *socketio.Ack) {
//			var text string
//			if err := args.Decode(&text); err != nil {
//				_ = ack.Reply(map[string]any{"ok": false})
//				return
//			}
//			_ = chat.To("lobby").Without(s).Emit("said", s.Value(), text)
//			_ = ack.Reply(map[string]any{"ok": true})
//		})
//		chat.OnDisconnect(func(s *socketio.Socket, reason socketio.Reason) {
//			log.Println(s.Value(), "left:", reason)
//		})
//		http.Handle("/socket.io/", server)
//		log.Fatal(http.ListenAndServe(":3000", nil))
//	}
//
// and in the browser: io({ auth: { name: "ada" } }).emit("say", "hello", (answer) => …).
//
// # What it owns
//
// Packets, namespaces, the connect handshake, events, acknowledgements, binary
// attachments, and the order of everything that happens to one [Socket].
//
// # Arguments
//
// Arguments are encoded by encoding/json, except that a []byte or [Binary] anywhere in
// them is sent as a binary attachment: see [EncodeEvent]. A received argument is an
// [Arg], which distinguishes attachments from strings: see [Arg.Decode].
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
// A client's DISCONNECT is handled after the events sent before it. A lost transport and
// [Socket.End] take effect at once: queued events are dropped and the socket's context
// is cancelled.
//
// A handler that blocks delays the socket's later events. To ask the client without
// blocking use [Socket.EmitWithAckFunc]. For long work start a goroutine: an [Ack] may
// be used after the handler has returned.
//
// # For those who know the reference server
//
//	io.of("/chat")                  server.Of("/chat")
//	nsp.use, nsp.on("connection")   [Namespace.Use], [Namespace.OnConnect]
//	socket.on                       [Socket.On]; for all sockets [Namespace.On]
//	socket.onAny                    [Namespace.OnEvent], [Namespace.OnUnknown]
//	socket.on("disconnect")         [Namespace.OnDisconnect], with the same reasons
//	socket.emit, with a callback    [Socket.Emit], [Socket.EmitWithAckFunc]
//	emitWithAck, timeout            [Socket.EmitWithAck], with a context
//	socket.handshake, socket.data   [Socket.Handshake], [Socket.Value]
//	io.to, socket.broadcast         [Namespace.To], [Namespace.Without]
//	io.in(room).disconnectSockets   [Broadcast.Disconnect]
//	nsp.sockets.get, fetchSockets   [Namespace.Socket], [Broadcast.Sockets]
//	socket.disconnect(true)         [Socket.End]
//	connectionStateRecovery         [Config.RecoverFor]
//
// # What is left out
//
// Acknowledgements of broadcasts. Dynamic namespaces (by pattern). The room named after
// a socket's id: use [Namespace.Socket]. The event "disconnecting": when OnDisconnect
// runs, the socket has already left its rooms. Volatile events. Removing a handler, and
// handlers that run once. Adapters: a server runs in one process only. Other parsers.
// Serving the client's script. Everything that engineio leaves out, such as
// WebTransport, compression and protocol revisions before 4.
//
// # What it must not know
//
// Users, tokens, or any other meaning of an event.
//
// Clauses are tagged at the line that obeys them: [sio5:…] for the Socket.IO
// protocol, revision 5 (https://socket.io/docs/v4/socket-io-protocol/).
package socketio
