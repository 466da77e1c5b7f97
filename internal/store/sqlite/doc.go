// Package sqlite keeps users, sessions, seats and the event log in SQL. It
// implements session.Store: the rules are the core's, the atomicity is here.
//
// It owns the data directory's database and its schema, the one goroutine that
// writes, the readers, the watch over what other processes commit, and the
// lock that makes sure that one server at most runs on a directory.
//
// The order of things for a change:
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
