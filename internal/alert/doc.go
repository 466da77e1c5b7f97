// Package alert mails the owner of the licence when the event log shows a pool
// that is full or over its limit, an account that seems to be shared, or many
// failed logins, and when a certificate is about to expire.
//
// It owns which events are worth a mail, how they are collected into digests so
// that there are not too many mails [SEC-60], the wording of a digest, and its
// delivery to the SMTP server.
//
// An alert takes these steps:
//
//  1. the event log is read on by package feed; a commit only wakes the service,
//  2. an event may become an alert, which waits; alerts about the same are merged,
//  3. the cursor and the waiting alerts are saved together, in one row: no event
//     is read twice, and no alert is lost by a restart or when the log is pruned,
//  4. once the pace allows it, the waiting alerts become a digest with an id; the
//     digest is saved before it is sent,
//  5. the SMTP server accepts the digest, and that is saved.
//
// After a crash between steps 4 and 5 the digest is sent a second time, with the
// same Message-ID: twice is better than never.
//
// A delivery that fails is tried again after growing pauses. A digest is dropped
// only after the server has permanently refused it several times.
//
// Recipients come only from the configuration. Headers contain only our own texts
// and names that the operator chose. What strangers can type appears only in the
// body, without control characters.
//
// This package must not know the rules of admission, the configuration, HTTP, or
// how events are stored.
package alert
