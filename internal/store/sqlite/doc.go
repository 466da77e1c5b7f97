// Package sqlite keeps users, sessions, seats and the event log in SQL. It
// implements session.Store: the rules are the core's, the atomicity is here.
//
// It owns the data directory's database and its schema, the one goroutine that
// writes, the readers, the watch over what other processes commit, and the
// lock that makes sure that one server at most runs on a directory.
//
// The order of things for a change:
//
//  1. the caller's request waits in a bounded queue,
//  2. the writer takes what is queued into one transaction. Each request loads
//     its state, decides, is checked (session.Check) and writes. An error or a panic
//     undoes that request alone: where it had written, the batch is run again
//     with a savepoint for each. An error of the database, in a read too, breaks
//     the batch: it is rolled back and run once more, then given up,
//  3. one commit makes all of them durable,
//  4. the listener is handed the events, in commit order: first those that
//     other processes committed before, then the batch's own,
//  5. the callers are answered [K6].
//
// Readers see committed state only and never wait for the writer.
//
// Statements go to the driver's connections directly, not through the pool of
// database/sql: each connection has one owner at a time, and the hot path pays
// for no locking, copying or reflection between it and the driver. The SQL is
// plain and shared; what is particular to SQLite is in sqlite.go and in the
// migrations.
//
// This package must not know the rules (it refuses what breaks an invariant,
// but never decides), HTTP, sockets or the configuration.
package sqlite
