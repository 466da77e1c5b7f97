// Package kick ends the connections of sessions that have ended.
//
// It owns the port [Connections], which whatever holds connections open implements,
// and the [Dispatcher], which turns committed events into calls of that port. The
// order of things:
//
//   - An event is applied in the goroutine that commits, in commit order. When
//     [Dispatcher.Apply] returns, all connections that the event ends are marked
//     [K2]; only then are others told [K5] and is the caller answered [K6].
//   - A connection is bound to its session first, and its session is looked up
//     again after that if [Dispatcher.Ends] has changed meanwhile. So an end either
//     finds the connection, or the connection finds the end [I2].
//   - If events were lost, every session that has connections is looked up again.
//
// This package must not know what a connection is, and writes to none.
package kick
