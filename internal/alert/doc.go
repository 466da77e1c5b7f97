// Package alert tells the owner of the licence by mail what the event log says:
// a pool that is full or over its limit, an account that seems to be shared,
// many failed logins, a certificate that is about to expire.
//
// It owns which events are worth a mail, how they are gathered into digests so
// that nobody is flooded [SEC-60], how a digest is worded, and its way to the
// SMTP server.
//
// The order of things:
//
//  1. the event log is read on by package feed; a commit only wakes the service,
//  2. what it says becomes an alert, which waits; equal ones become one,
//  3. place and alerts are written down together, in one row: what was read is
//     never read again, and what waits is not lost by a restart or by the log
//     being pruned,
//  4. as soon as the pace allows it, what waits becomes a digest with an id; the
//     digest is written down before it is sent,
//  5. the server accepts it, and that is written down.
//
// A crash between the server's acceptance and the last step sends the digest a
// second time, under the same Message-ID: twice is better than never.
//
// What fails is tried again, ever later; only what the server has refused for
// good several times is dropped.
//
// Recipients come from the configuration alone. Headers have texts of our own
// and names that the operator has given; whatever strangers can type stands in
// the body, without control characters.
//
// This package must not know the rules of admission, the configuration, HTTP,
// or how events are stored.
package alert
