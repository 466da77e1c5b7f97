// Package realtime joins the sockets to the core: it lets connections in, tells
// everyone who is inside, and puts out at once whoever's session ended.
//
// It owns which live sockets belong to which session, the events of the
// contract, and one hub for each pool. The order of things:
//
//   - A connection is checked at its handshake (origin, cookie) and at CONNECT
//     (token), bound to its session, and registered by register_user.
//   - Every committed event comes through [Server.Commit], in commit order, in
//     the goroutine that commits: sockets that are over are ended there (K2),
//     before anyone is answered (K6); the rest is handed to the pool's hub.
//   - The hub of a pool is the only one that sends presence. It drains what is
//     queued, tells all members in one write each, then lets joiners in with a
//     snapshot, so that each of them gets every change after it (P3).
//
// What the hub knows is a view of the seats, read from the store and kept up by
// the events; when one is missing it is read again. No decision rests on it.
//
// This package must not know SQL, passwords or pages.
package realtime
