// Package session is the core of Turnike. It decides who may be inside, for how
// long, and records why somebody no longer is.
//
// It owns the rules of admission (A), seats (S), presence as derived from the
// seats (P1, P2), ends (K1) and time (T). Every rule is a pure function from a
// [State] and the present time to a [Change]. The [Store] runs it inside one
// serialised transaction, so no rule is ever checked outside the transaction that
// acts on it (A1).
//
// The order of things in every call of [Core]:
//
//  1. the actor's right to the command is checked,
//  2. the store loads the State of one user and its pool,
//  3. a rule of this package decides the Change, whose events name the actor,
//  4. the store commits it together with its events, at one position,
//  5. the store's listener is handed the events, in commit order,
//  6. the command waits until whoever holds connections has applied the commit,
//  7. the caller gets its answer (K6).
//
// This package must not know HTTP, sockets, SQL, files or the environment.
package session
