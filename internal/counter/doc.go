// Package counter counts events by code, and sizes and durations in buckets.
// Counting takes one or two atomic additions; readers take a copy.
//
// It must not know what is counted, nor who reads it, so that packages that count
// need no library for metrics.
package counter
