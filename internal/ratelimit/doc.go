// Package ratelimit limits how often a key may do something, with token buckets,
// and how often it may fail, with waits that grow. A key is an address, an account
// or any other name.
//
// It owns the buckets and the counts of failures, the bounds on their number, and
// what counts as one address. The buckets are those of golang.org/x/time/rate. A
// key has a bucket only while that is not full, so an idle key costs nothing.
//
// This package must not know what a limit is for, how a refusal is answered, or
// the store: it keeps nothing across a restart.
package ratelimit
