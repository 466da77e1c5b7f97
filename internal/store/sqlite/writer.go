package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"time"

	"github.com/turnike/turnike/internal/session"
)

// A commit that closely follows another one waits for more requests. Otherwise the
// first caller to send its next request would pay for a commit of its own.
const (
	lingerAfter = 3 * time.Millisecond // since the last commit
	linger      = 1 * time.Millisecond
)

// write runs fn in the writer's transaction; an error of fn undoes what fn did.
// fn may run twice; only the last run counts. It is for what no rule decides;
// rules go through [Store.decide].
func (s *Store) write(ctx context.Context, fn func(*tx) error) error {
	return s.submit(ctx, &request{run: fn})
}

// submit queues a request and waits for its answer. A full queue is ErrBusy at
// once. So is, after a while, a database that another process holds, unless ctx
// can never end: such a caller waits, because its change must get in. A caller
// that gives up aborts nothing: its request may be carried out all the same.
func (s *Store) submit(ctx context.Context, r *request) error {
	if err := ctx.Err(); err != nil {
		return err // a caller that has already given up begins nothing
	}
	select {
	case <-s.closing:
		return unavailable(errClosed)
	default:
	}
	r.stays, r.done = ctx.Done() == nil, make(chan error, 1)
	select {
	case s.queue <- r:
	default:
		if !r.stays {
			s.stats.full.Add(1)
			return session.ErrBusy
		}
		select {
		case s.queue <- r:
		case <-s.closing:
			return unavailable(errClosed)
		}
	}
	select {
	case err := <-r.done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	case <-s.stopped:
		select {
		case err := <-r.done:
			return err
		default:
			return unavailable(errClosed)
		}
	}
}

// control is a function that the writer's goroutine runs between batches.
type control struct {
	fn   func(*writer) error
	done chan error // takes one answer without a reader
}

func (s *Store) control(fn func(*writer) error) error {
	c := control{fn: fn, done: make(chan error, 1)}
	select {
	case s.controls <- c:
		return <-c.done
	case <-s.closing:
		return unavailable(errClosed)
	}
}

// writer is the one goroutine that writes, with its connection.
type writer struct {
	store *Store
	via   driver.Connector
	conn  *conn // nil after a failure that it may not have survived
	batch []*request
	last  time.Time // of the last commit

	inspected time.Time // when the file was looked at, or a probe tried
	version   int64     // data_version when last seen; -1: not known
	watch     watch
	mirror    mirror
	commit    func(*conn) error // COMMIT; a test makes it fail
}

func newWriter(s *Store) (*writer, error) {
	via, err := connector(s.opts, false)
	if err != nil {
		return nil, err
	}
	w := &writer{store: s, via: via, commit: func(c *conn) error {
		_, err := c.exec(`COMMIT`)
		return err
	}}
	return w, w.connect()
}

// connect opens a connection if there is none.
func (w *writer) connect() error {
	if w.conn != nil {
		return nil
	}
	if err := w.store.present(); err != nil { // a new connection would open another file
		return err
	}
	c, err := open(w.via)
	if err != nil {
		return err
	}
	w.conn = c
	w.version = -1 // a new connection counts other processes' commits from its own start
	return nil
}

// disconnect closes a connection whose state is not known.
func (w *writer) disconnect() {
	if w.conn == nil {
		return
	}
	if err := w.conn.close(); err != nil {
		w.store.opts.Log.Warn("closing the writer's connection failed", "error", err)
	}
	w.conn = nil
}

// run writes until the store is closed, then carries out what is still queued.
func (w *writer) run() {
	tick := time.NewTicker(w.store.opts.watch)
	defer tick.Stop()
	for {
		select {
		case r := <-w.store.queue:
			w.collect(r)
			w.write()
		case c := <-w.store.controls:
			c.done <- c.fn(w)
		case <-tick.C:
			w.look()
			w.inspect()
		case <-w.store.closing:
			for len(w.store.queue) > 0 {
				w.collect(<-w.store.queue)
				w.write()
			}
			if w.conn != nil {
				w.store.closed = w.conn.close()
			}
			close(w.store.stopped)
			return
		}
	}
}

// collect moves queued requests into the batch, up to Options.Batch.
func (w *writer) collect(first *request) {
	w.batch = append(w.batch[:0], first)
	w.drain()
	if time.Since(w.last) > lingerAfter || len(w.batch) == w.store.opts.Batch {
		return
	}
	timer := time.NewTimer(linger)
	defer timer.Stop()
	for len(w.batch) < w.store.opts.Batch {
		select {
		case r := <-w.store.queue:
			w.batch = append(w.batch, r)
		case <-timer.C:
			w.drain()
			return
		case <-w.store.closing:
			return
		}
	}
}

func (w *writer) drain() {
	for len(w.batch) < w.store.opts.Batch {
		select {
		case r := <-w.store.queue:
			w.batch = append(w.batch, r)
		default:
			return
		}
	}
}

// write commits the batch, hands its events to the listener and answers its callers.
func (w *writer) write() {
	t, err := w.attempt()
	if err == nil {
		w.mirror.putPools(t.pools)
		if len(t.events) > 0 {
			w.mirror.pos = &t.pos
			w.watch.note(t.events)
			w.store.committed.Store(int64(t.pos))
		}
		w.deliver(t.events)
	} else {
		w.mirror.clear()
		w.store.stats.failed.Add(1)
	}
	switch {
	case err != nil:
		w.fell(err)
	case t.wrote && w.store.down.Load() != nil:
		w.probe() // a small write may find room where a login finds none
	}
	w.store.stats.sizes.Observe(float64(len(w.batch)))
	w.store.stats.batches.Add(1)
	w.store.stats.requests.Add(int64(len(w.batch)))
	for i, r := range w.batch {
		if err != nil { // also if a rule refused: its decision was based on changes that are undone
			r.err = unavailable(err)
		}
		r.done <- classify(r.err)
		w.batch[i] = nil
	}
	w.batch = w.batch[:0]
}

// attempt runs the batch in one transaction, and once more when the database
// failed in it or a request that had written did. With an error nothing of the
// batch is in the database. A panic, which can only be a defect of this package,
// is one.
func (w *writer) attempt() (t *tx, err error) {
	defer func() {
		if p := recover(); p != nil {
			t, err = nil, &panicError{value: p, stack: debug.Stack()}
			w.report(err)
			w.disconnect()
		}
	}()
	for _, savepoints := range []bool{false, true} {
		if err := w.begin(); err != nil {
			return nil, err
		}
		t = &tx{conn: w.conn, now: w.store.Now, mirror: &w.mirror, verify: w.store.opts.verify,
			savepoints: savepoints, pools: make(map[session.PoolID]*pooled)}
		err := w.fill(t)
		if err == nil {
			break
		}
		again := !savepoints && (t.spoilt || w.conn.failed != nil)
		w.rollback()
		w.mirror.clear()
		if !again {
			return nil, err
		}
	}
	start := time.Now()
	err = w.commit(w.conn)
	w.last = time.Now()
	w.store.stats.took.Took(w.last.Sub(start))
	if err != nil {
		err = w.outcome(t, err)
	}
	if err != nil {
		return nil, err
	}
	w.watch.confirmed()
	w.store.clock.kept(t.kept)
	w.store.stats.commits.Add(1)
	return t, nil
}

// fill carries out everything that belongs to the transaction.
func (w *writer) fill(t *tx) error {
	if err := w.news(); err != nil {
		return err
	}
	if err := w.keepTime(t); err != nil {
		return err
	}
	if err := w.order(t); err != nil {
		return err
	}
	for _, r := range w.batch {
		r.err = t.request(r)
		if w.conn.failed != nil || t.spoilt {
			return r.err // attempt runs the batch again
		}
		w.report(r.err)
	}
	if err := t.flush(); err != nil {
		return err
	}
	if err := t.sign(); err != nil {
		return err
	}
	if err := w.watch.confirm(w.conn); err != nil {
		return err
	}
	return w.conn.failed
}

// report logs panics and breaches, which are defects.
func (w *writer) report(err error) {
	if p, ok := errors.AsType[*panicError](err); ok {
		w.store.stats.panics.Add(1)
		w.store.opts.Log.Error("a request panicked", "panic", p.value, "stack", string(p.stack))
	}
	if b, ok := errors.AsType[*session.Breach](err); ok {
		w.store.stats.breaches.Add(1)
		w.store.opts.Log.Error("a change breaks an invariant and is refused", "breach", b.What)
	}
}

// begin takes the database's write lock. While another process holds it, callers
// whose change must get in wait as long as it takes. The others are told after
// Options.patience that nothing was changed.
func (w *writer) begin() error {
	start := time.Now()
	for {
		if err := w.store.present(); err != nil {
			return err
		}
		if err := w.connect(); err != nil {
			return err
		}
		_, err := w.conn.exec(beginWrite)
		w.conn.failed = nil
		if err == nil {
			return nil
		}
		if !busy(err) {
			w.disconnect()
			return err
		}
		w.store.stats.busy.Add(1)
		w.store.opts.Log.Warn("another process holds the database", "waited", w.store.opts.busy)
		select {
		case <-w.store.closing:
			return err
		default:
		}
		if time.Since(start) >= w.store.opts.patience && !w.turnAway(err) {
			return err
		}
	}
}

// turnAway refuses the requests, in the batch and in the queue, whose callers can try
// again later. It reports whether the batch has any left.
func (w *writer) turnAway(cause error) bool {
	waiting := w.batch
	for queued := true; queued; {
		select {
		case r := <-w.store.queue:
			waiting = append(waiting, r)
		default:
			queued = false
		}
	}
	w.batch = nil
	for _, r := range waiting {
		if r.stays {
			w.batch = append(w.batch, r)
		} else {
			r.done <- unavailable(cause)
		}
	}
	return len(w.batch) > 0
}

// rollback undoes the transaction. A connection that fails to do so is closed, which
// undoes it too.
func (w *writer) rollback() {
	if w.conn == nil {
		return
	}
	if _, err := w.conn.exec(`ROLLBACK`); err != nil {
		w.disconnect()
	}
}

// outcome finds out whether a COMMIT that failed took effect: it returns nil if the
// batch is in the database. It reads on a new connection, before any caller is
// answered. The proof is every event of the batch, or its mark if it has none. A
// batch that changed nothing counts as failed.
func (w *writer) outcome(t *tx, failed error) error {
	w.disconnect()
	if err := w.connect(); err != nil {
		return errors.Join(failed, err)
	}
	found, err := committed(w.conn, t)
	if err != nil {
		w.disconnect()
		return errors.Join(failed, err)
	}
	if !found {
		return failed
	}
	w.store.opts.Log.Warn("commit reported an error but took effect", "error", failed)
	return nil
}

// committed reports whether all of a transaction is in the database.
func committed(c *conn, t *tx) (bool, error) {
	if len(t.events) == 0 {
		mark, err := readMeta(c, metaBatch)
		return err == nil && t.mark != "" && mark == t.mark, err
	}
	byPool := make(map[session.PoolID][]session.Event)
	for _, e := range t.events {
		byPool[e.Pool] = append(byPool[e.Pool], e)
	}
	for pool, events := range byPool {
		var logged []session.Event
		err := eventsAfter(c, pool, events[0].LogSeq-1, len(events), func(e session.Event) { logged = append(logged, e) })
		if err != nil || !slices.EqualFunc(logged, events, sameEvent) {
			return false, err
		}
	}
	return true, nil
}

// deliver hands events to the listener.
func (w *writer) deliver(events []session.Event) {
	if len(events) == 0 || w.watch.listen == nil {
		return
	}
	defer func() {
		if p := recover(); p != nil {
			w.store.stats.panics.Add(1)
			w.store.opts.Log.Error("the listener panicked", "panic", p, "stack", string(debug.Stack()))
		}
	}()
	w.watch.listen(events)
}

// panicError is the panic of a request.
type panicError struct {
	value any
	stack []byte
}

func (e *panicError) Error() string { return fmt.Sprintf("panic: %v", e.value) }
