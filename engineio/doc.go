// Package engineio serves Engine.IO protocol revision 4 over HTTP long-polling and
// websocket, with upgrade from the first to the second. This is a complete echo server:
//
//	package main
//
//	import (
//		"log"
//		"net/http"
//
//		"github.com/turnike/turnike/engineio"
//	)
//
//	// echo receives one connection.
//	type echo struct{ conn *engineio.Conn }
//
//	func (e echo) Message(data []byte, binary bool) {
//		if binary {
//			e.conn.Send(engineio.Binary(data))
//		} else {
//			e.conn.Send(engineio.Text(data))
//		}
//	}
//
//	func (e echo) Closed(why engineio.Closure) { log.Print("closed: ", why.Reason) }
//
//	func main() {
//		server := engineio.NewServer(engineio.Config{}, func(c *engineio.Conn, r *http.Request) (engineio.Receiver, error) {
//			return echo{c}, nil
//		})
//		http.Handle("/engine.io/", server)
//		log.Fatal(http.ListenAndServe("localhost:8080", nil))
//	}
//
// # What it owns
//
// The wire: handshakes, frames, polling bodies, heartbeats, queues for slow peers, and
// every way a connection can end. One [Server] owns its [Conn]s, one sweeper (a heap of
// deadlines behind a single timer) and every goroutine it starts; [Server.Wait] returns
// when all of them are gone.
//
// # In which order things happen
//
//  1. A request without sid passes the checks of the reference server, then
//     [Config.CheckRequest].
//  2. The opener given to [NewServer] returns the connection's [Receiver]. The
//     open packet is sent after that, so that every packet has a receiver.
//  3. Messages reach [Receiver.Message] one at a time and in order.
//  4. [Receiver.Closed] is called exactly once, in its own goroutine.
//
// A websocket connection costs one reading goroutine. A polling connection costs none.
// [Conn.Send] writes in the caller's goroutine while the kernel is known to take the
// bytes without blocking. Otherwise a flusher goroutine writes until the queue is empty.
//
// # What is left out
//
// These features of the reference server: Engine.IO revision 3, JSONP, WebTransport,
// compression (permessage-deflate and that of polling answers), the cookie with the
// session id, CORS headers (set them in middleware: headers of the ResponseWriter are
// sent with each answer, websocket handshakes included), and callbacks for sent packets.
// A connection lives in one process: a load balancer must send all requests with the
// same sid to the same process. Websockets over HTTP/2 [RFC 8441] are not accepted, and
// there is no client.
//
// # What it must not know
//
// Socket.IO, users, tokens, or any other meaning of a message.
//
// Clauses are tagged at the line that obeys them: [eio4:…] for the Engine.IO
// protocol, revision 4 (https://socket.io/docs/v4/engine-io-protocol/), and
// [RFC6455:…] for the websocket protocol.
package engineio
