// Package feed reads the event log on from a position, for readers that must
// miss nothing, at their own pace: alerts today; webhooks, usage and audit later.
//
// It owns the one type that says how far a reader is, [Cursor]. The order of
// things:
//
//  1. the reader loads its cursor, or starts at the end of the log ([At]),
//  2. [Cursor.Follow] hands it what is new, pool by pool, and moves the cursor,
//  3. the reader saves the cursor together with what it made of the events, in
//     one write: so nothing is read twice and nothing is lost at a restart.
//
// A commit only wakes a reader; what happened is in the log, whoever wrote it.
//
// This package must not know who reads, how events are stored, or the rules.
package feed
