package sqlite

import (
	"context"
	"sync"
	"time"

	"github.com/turnike/turnike/internal/session"
)

// watchInterval is how often the writer looks, between batches, whether
// another process has committed. A look costs about 3 µs.
const watchInterval = 10 * time.Millisecond

// slice is how many events or rows are read or deleted at a time.
const slice = 1000

// watch follows what other processes commit. The writer's goroutine owns it.
type watch struct {
	node    string
	listen  func([]session.Event)    // nil: nobody listens in this process
	at      map[session.PoolID]int64 // up to here the listener has been handed the log
	pending map[session.PoolID]int64 // applied, and not yet written to the nodes' rows
}

// note remembers events of this process's own commits as handed over.
func (w *watch) note(events []session.Event) {
	if w.listen == nil {
		return
	}
	for _, e := range events {
		w.at[e.Pool] = e.LogSeq
	}
}

// confirm writes what was applied, for those who wait for it.
func (w *watch) confirm(c *conn) error {
	for pool, seq := range w.pending {
		if _, err := c.exec(`INSERT INTO nodes (id, pool_id, log_seq) VALUES (?, ?, ?)
			ON CONFLICT (id, pool_id) DO UPDATE SET log_seq = excluded.log_seq`,
			w.node, int64(pool), seq); err != nil {
			return err
		}
	}
	return nil
}

// confirmed is called when that is committed.
func (w *watch) confirmed() { clear(w.pending) }

// Listen names this process as a node that serves, and hands fn every event
// that is committed from now on, by this process or another one, in commit
// order and each once. fn is called by the writer's goroutine, after the commit
// and before the callers of that batch are answered [K6]. It must not block and
// must not call the store; it may keep the slice.
//
// What was committed before must be read with [Store.Snapshot] afterwards: an
// event whose LogSeq is not above the snapshot's is in the snapshot already.
//
// A gap in the log (the events were pruned before they were read) is handed
// over as one [session.LogLost] event: whatever was known of that pool must be
// read anew.
//
// It is called once, by the server, before anything is served.
func (s *Store) Listen(node string, fn func([]session.Event)) error {
	return s.control(func(w *writer) error {
		if err := w.connect(); err != nil {
			return unavailable(err)
		}
		w.watch = watch{node: node, listen: fn, at: make(map[session.PoolID]int64),
			pending: make(map[session.PoolID]int64)}
		w.version = -1
		err := w.conn.query(`SELECT id, log_seq FROM pools`, func(r row) error {
			w.watch.at[session.PoolID(r.int64(0))] = r.int64(1)
			w.watch.pending[session.PoolID(r.int64(0))] = r.int64(1)
			return nil
		})
		if err == nil { // of servers that are gone: there is one for a directory
			_, err = w.conn.exec(`DELETE FROM nodes WHERE id <> ?`, node)
		}
		if err != nil {
			w.watch = watch{}
			return unavailable(err)
		}
		w.look() // writes down where it begins
		return nil
	})
}

// look asks whether another process has committed, and if so takes its changes
// over with a transaction of the writer's own.
func (w *writer) look() {
	if w.watch.listen == nil {
		return
	}
	if err := w.connect(); err != nil {
		w.fell(err)
		return
	}
	version, err := w.dataVersion()
	if err != nil {
		w.fell(err)
		w.disconnect()
		return
	}
	if version != w.version || len(w.watch.pending) > 0 || w.store.clock.due() {
		w.write() // of an empty batch
	}
}

func (w *writer) dataVersion() (int64, error) {
	var version int64
	err := w.conn.query(dataVersion, func(r row) error {
		version = r.int64(0)
		return nil
	})
	return version, err
}

// news hands over what other processes have committed since the last look. It
// is called inside a transaction, so that nothing can come in between the
// others' events and this process's own.
func (w *writer) news() error {
	version, err := w.dataVersion()
	if err != nil || version == w.version {
		return err
	}
	w.mirror.clear()
	if w.watch.listen != nil {
		err = w.follow()
	}
	if err == nil {
		w.version = version
	}
	return err
}

// follow hands over all that is new in the pools' logs.
func (w *writer) follow() error {
	var behind []session.Pool
	err := w.conn.query(selectPool+` ORDER BY id`, func(r row) error {
		if p := scanPool(r, 0); p.LogSeq > w.watch.at[p.ID] {
			behind = append(behind, p)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, pool := range behind {
		if err := w.followPool(pool); err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) followPool(pool session.Pool) error {
	for w.watch.at[pool.ID] < pool.LogSeq {
		at := w.watch.at[pool.ID]
		var events []session.Event
		err := eventsAfter(w.conn, pool.ID, at, slice, func(e session.Event) { events = append(events, e) })
		if err != nil {
			return err
		}
		if !gapless(events, at) {
			events = []session.Event{lost(pool, w.store.Now())}
		}
		w.deliver(events)
		w.watch.at[pool.ID] = events[len(events)-1].LogSeq
		w.watch.pending[pool.ID] = w.watch.at[pool.ID]
	}
	return nil
}

func gapless(events []session.Event, after int64) bool {
	for i, e := range events {
		if e.LogSeq != after+1+int64(i) {
			return false
		}
	}
	return len(events) > 0
}

// lost stands for all events of a pool that are not in the log any more.
func lost(p session.Pool, now time.Time) session.Event {
	return session.Event{Pool: p.ID, LogSeq: p.LogSeq, PresenceSeq: p.PresenceSeq, At: now, Type: session.LogLost,
		Limit: p.Limit, Held: p.Held, Grace: p.Grace, Offered: p.Offered, Presence: p.Presence}
}

// positions are the newest events that this process has committed itself.
type positions struct {
	mu sync.Mutex // guards at
	at map[session.PoolID]int64
}

func (p *positions) note(events []session.Event) {
	if len(events) == 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, e := range events {
		p.at[e.Pool] = e.LogSeq
	}
}

func (p *positions) snapshot() map[session.PoolID]int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := make(map[session.PoolID]int64, len(p.at))
	for id, seq := range p.at {
		out[id] = seq
	}
	return out
}

// waitInterval is how often WaitApplied looks.
const waitInterval = 5 * time.Millisecond

// WaitApplied waits until the server that runs on the data directory has
// applied everything that this Store has committed. It returns at once when
// none runs, and ctx's error when that comes first: the change is committed,
// but not confirmed. It is for the command line; the server itself has applied
// its own changes when it is answered.
func (s *Store) WaitApplied(ctx context.Context) error {
	want := s.committed.snapshot()
	if len(want) == 0 {
		return nil
	}
	tick := time.NewTicker(waitInterval)
	defer tick.Stop()
	for {
		if _, running := ServerPID(s.opts.Dir); !running {
			return nil
		}
		missing := 0
		err := s.read(ctx, func(c *conn) error {
			have := make(map[session.PoolID]int64)
			err := c.query(`SELECT pool_id, MAX(log_seq) FROM nodes GROUP BY pool_id`, func(r row) error {
				have[session.PoolID(r.int64(0))] = r.int64(1)
				return nil
			})
			for id, seq := range want {
				if have[id] < seq {
					missing++
				}
			}
			return err
		})
		if err != nil || missing == 0 {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
