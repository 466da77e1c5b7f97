// Package realtime connects sockets to the core: it decides which connections are
// let in, answers their events, and ends at once those of an ended session.
//
// It owns which open sockets belong to which session and the events of the contract
// other than presence. The order of things:
//
//   - A connection is checked at its handshake (origin, cookie) and at CONNECT
//     (token), bound to its session, and registered by register_user.
//   - Every committed event comes through [Server.Commit], in commit order, in the
//     goroutine that commits. Package kick has the sockets marked that it ends [K2],
//     before the caller is answered [K6]. Then the event goes to the pool's hub [K5].
//   - Package presence sends who is inside. For it a client of this package is a
//     receiver.
//
// This package must not know SQL, passwords or pages.
package realtime
