package logging

import (
	"io"
	"sync"
	"time"
)

// MaxQueued bounds what waits to be written to one destination, in bytes.
const MaxQueued = 4 << 20

// Queue writes lines to a destination that may stop taking them: a terminal that
// was stopped, a pipe without a reader, a disk that hangs. Write never blocks.
// When more than the bound waits, further lines are lost: they are counted, and
// once the destination takes lines again, one line in their place says how many
// they were.
type Queue struct {
	to    io.Writer
	bound int
	wake  chan struct{} // has a token after each change

	unsaid uint64 // lost lines that are still to be told; of the writer alone

	mu      sync.Mutex // guards what follows
	items   []item
	bytes   int    // not written yet, the line under way included
	skipped uint64 // lost since the last item
	note    func(lost uint64) []byte
	lost    uint64 // lost since the start
	closed  bool
}

// item is one of: a line, a number of lost lines, the wish to know when all before
// it is written.
type item struct {
	line    []byte
	skipped uint64
	reached chan struct{}
}

// NewQueue returns a queue of at most bound bytes and starts its writer, which
// ends after Close.
func NewQueue(to io.Writer, bound int) *Queue {
	q := &Queue{to: to, bound: bound, wake: make(chan struct{}, 1)}
	go q.run()
	return q
}

// Note sets what makes the line that stands for lost ones. Without it there is no
// such line.
func (q *Queue) Note(note func(lost uint64) []byte) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.note = note
}

// Write implements io.Writer. It takes a copy of the line or counts it as lost,
// and never fails.
func (q *Queue) Write(line []byte) (int, error) {
	q.mu.Lock()
	switch {
	case q.closed:
		q.lost++
	case q.bytes+len(line) > q.bound:
		q.lost++
		q.skipped++
	default:
		q.settle()
		q.items = append(q.items, item{line: append([]byte(nil), line...)})
		q.bytes += len(line)
	}
	q.mu.Unlock()
	q.signal()
	return len(line), nil
}

// Skip counts a line that was lost before it came here.
func (q *Queue) Skip() {
	q.mu.Lock()
	q.lost++
	q.skipped++
	q.mu.Unlock()
}

// Lost returns how many lines were lost so far.
func (q *Queue) Lost() uint64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.lost
}

// Flush waits until everything that was queued before is written, or until that
// long has passed. It reports whether it is.
func (q *Queue) Flush(patience time.Duration) bool {
	return q.await(patience, false)
}

// Close takes no more lines and waits as Flush does. It does not close the
// destination.
func (q *Queue) Close(patience time.Duration) bool {
	return q.await(patience, true)
}

func (q *Queue) await(patience time.Duration, last bool) bool {
	reached := make(chan struct{})
	q.mu.Lock()
	if q.closed {
		q.mu.Unlock()
		return false
	}
	q.settle()
	q.items = append(q.items, item{reached: reached})
	q.closed = last
	q.mu.Unlock()
	q.signal()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-reached:
		return true
	case <-timer.C:
		return false
	}
}

// settle puts the lines that were lost where they would have been. Callers must
// hold q.mu.
func (q *Queue) settle() {
	if q.skipped > 0 {
		q.items = append(q.items, item{skipped: q.skipped})
		q.skipped = 0
	}
}

func (q *Queue) signal() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// run is the only goroutine that writes, and so the only one that may hang.
func (q *Queue) run() {
	for {
		items, closed := q.take()
		for _, it := range items {
			q.write(it)
		}
		switch {
		case len(items) > 0:
		case closed:
			return
		default:
			<-q.wake
		}
	}
}

func (q *Queue) take() ([]item, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.settle()
	items := q.items
	q.items = nil
	return items, q.closed
}

// write writes one item. A line that the destination refuses counts as lost.
func (q *Queue) write(it item) {
	if it.reached != nil {
		close(it.reached)
		return
	}
	q.unsaid += it.skipped
	q.mu.Lock()
	note := q.note
	q.mu.Unlock()
	if q.unsaid > 0 && note != nil {
		if _, err := q.to.Write(note(q.unsaid)); err == nil {
			q.unsaid = 0
		}
	}
	if it.line == nil {
		return
	}
	_, err := q.to.Write(it.line)
	q.mu.Lock()
	defer q.mu.Unlock()
	q.bytes -= len(it.line)
	if err != nil {
		q.lost++
		q.unsaid++
	}
}
