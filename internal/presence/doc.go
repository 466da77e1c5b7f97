// Package presence tells receivers who is inside their pool.
//
// It owns one hub for each pool, what a hub knows (the view), and the four events
// that a hub sends: user_status, connection_slots, online_users, presence_sync. It
// knows a connection only as a [Receiver]. The order of things:
//
//   - A hub queues committed events and the requests of receivers: to join, to
//     watch, to ask, to leave. Queueing never blocks.
//   - A goroutine works while the queue is not empty. In each turn it first applies
//     the events of a batch, then sends every member what changed in one write
//     [P4], then answers receivers that joined or asked. So each member gets a snapshot
//     and then every change after it [P3].
//   - The view is read from the store and kept up to date by the events [P1]. If an
//     event is missing, the hub reads the view again and sends every member the
//     whole state.
//
// No decision rests on a view. This package must not know sockets, sessions'
// credentials, or SQL.
package presence
