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
//  1. the caller's request waits in a bounded queue. It names a user or a pool and
//     the rule that decides; what no rule decides is a function,
//  2. the writer takes what is queued into one transaction. It resolves the pools,
//     sorts the rules by pool, and for each request loads the state, lets the rule
//     decide, checks the change (session.Check) and writes it. An error or a panic
//     undoes that request alone: if it had written, the batch runs again with a
//     savepoint for each request. An error of the database, in a read too, breaks
//     the batch: it is rolled back, run once more, and then given up,
//  3. one commit makes all of them durable, at one position (session.Pos),
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
