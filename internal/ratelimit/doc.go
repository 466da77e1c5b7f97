// Package ratelimit counts what one key may do in a time: token buckets by
// address, by account or by anything else that has a name; and how often it may
// fail: counts of failures, and the waits that they cost.
//
// It owns the buckets and counts, how many of them there may be, and what counts
// as one address. The buckets themselves are those of golang.org/x/time/rate. A key's
// bucket exists only while it is not full: a key that did nothing for long costs
// nothing.
//
// What a limit is for, what is answered when it is reached, and the store are
// none of its business: it keeps nothing over a restart.
package ratelimit
