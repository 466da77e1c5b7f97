package store

import "github.com/turnike/turnike/internal/counter"

// Stats are a store's figures. All but Queue, Queued and Down count from when it
// was opened.
type Stats struct {
	Queue    int   // requests that wait now
	Queued   int   // the most that may wait
	Requests int64 // written or refused
	Batches  int64 // transactions begun for requests
	Commits  int64 // transactions committed
	Full     int64 // requests turned away because the queue was full
	Busy     int64 // waits for another process's transaction that timed out
	Panics   int64 // of requests and of the listener
	Breaches int64 // changes refused because they broke an invariant
	Failed   int64 // batches of which nothing was written
	Down     bool  // the last write failed, and no probe has succeeded since

	Sizes counter.Buckets // requests per batch
	Took  counter.Buckets // seconds that COMMIT took: the disk's part
}
