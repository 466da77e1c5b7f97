package sqlstore

import "sync/atomic"

// counters are kept for metrics; each is since the store was opened.
type counters struct {
	batches, requests, commits, full, busy, panics, breaches atomic.Int64
}

// Stats are the store's figures since it was opened, but for Queue.
type Stats struct {
	Queue    int   // requests that wait now
	Queued   int   // how many may
	Requests int64 // written or refused
	Batches  int64 // transactions begun for them
	Commits  int64 // transactions committed
	Full     int64 // requests turned away because the queue was full
	Busy     int64 // times that another process's transaction was waited for in vain, and again
	Panics   int64 // of requests and of the listener
	Breaches int64 // changes refused because they broke an invariant
}

// Stats returns the store's figures.
func (s *Store) Stats() Stats {
	return Stats{
		Queue: len(s.queue), Queued: cap(s.queue),
		Requests: s.stats.requests.Load(), Batches: s.stats.batches.Load(), Commits: s.stats.commits.Load(),
		Full: s.stats.full.Load(), Busy: s.stats.busy.Load(),
		Panics: s.stats.panics.Load(), Breaches: s.stats.breaches.Load(),
	}
}
