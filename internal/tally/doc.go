// Package tally counts what happens: by code, or as sizes and durations in
// buckets. Counting is an atomic addition or two; who wants to know reads the
// whole.
//
// It must not know what is counted, nor who reads it: packages that count need
// no library for metrics.
package tally
