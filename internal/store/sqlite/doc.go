// Package sqlite keeps users, sessions, seats and the event log in an SQLite
// database. It implements store.Store: the core decides, and this package makes
// each decision atomic and durable.
//
// It owns the database in the data directory and its schema, the one goroutine
// that writes, the readers, the watch over commits of other processes, and the
// lock that allows one server per directory.
//
// A change takes these steps:
//
//  1. the caller's request waits in a bounded queue,
//  2. the writer runs the queued requests in one transaction. Each request loads
//     its state, decides, is checked (session.Check) and writes. An error or a panic
//     undoes only that request: if it had written, the batch is run again with a
//     savepoint per request. An error of the database, also during a read, breaks
//     the batch: it is rolled back, run once more, and then given up,
//  3. one commit makes all of them durable,
//  4. the listener receives the events in commit order: first those that other
//     processes committed before, then the batch's own,
//  5. the callers are answered [K6].
//
// Readers see only committed state and never wait for the writer.
//
// Statements go to the driver's connections directly, not through the pool of
// database/sql. Each connection has one owner at a time, so the hot path needs
// no locking, copying or reflection. SQL that is particular to SQLite is in
// sqlite.go and in the migrations.
//
// This package must not know the rules, HTTP, sockets or the configuration. It
// refuses a change that breaks an invariant, but it never decides.
package sqlite
