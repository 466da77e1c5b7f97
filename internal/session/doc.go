// Package session is the core of Turnike: who may be inside, for how long, and
// why they are not any more.
//
// It owns the rules of admission (A), seats (S), presence as derived from the
// seats (P1, P2), ends (K1) and time (T). Every rule is a pure function from a
// [State] and the present time to a [Change]; the [Store] runs it inside one
// serialised transaction, so that no rule is ever checked outside the
// transaction that acts on it (A1). The rule is ours, the atomicity is the
// store's.
//
// The order of things in every call of [Core]:
//
//  1. the store loads the State of one user and its pool,
//  2. a rule of this package decides the Change,
//  3. the store commits it together with its events,
//  4. whoever listens to the store is handed the events, in commit order,
//  5. the caller gets its answer: what it caused has been applied by then (K6).
//
// This package must not know HTTP, sockets, SQL, files or the environment.
package session
