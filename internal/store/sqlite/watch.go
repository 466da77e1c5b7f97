package sqlite

import (
	"context"
	"time"

	"github.com/turnike/turnike/internal/session"
)

// watchInterval is how often the writer checks, between batches, whether another
// process has committed. A check costs about 3 µs.
const watchInterval = 10 * time.Millisecond

// slice is how many events or rows are read or deleted at a time.
const slice = 1000

// watch follows what other processes commit. The writer's goroutine owns it.
type watch struct {
	node    string
	listen  func([]session.Event)    // nil: this process does not listen
	at      map[session.PoolID]int64 // up to here the listener has been handed the log, by pool
	applied session.Pos              // the same over all pools: every commit up to here
	pending bool                     // applied must be written to the node's row
}

// note remembers the events of a commit of this process as handed over. Nothing
// is written for them: other processes wait for their own commits only.
func (w *watch) note(events []session.Event) {
	if w.listen == nil {
		return
	}
	for _, e := range events {
		w.at[e.Pool] = e.LogSeq
		w.applied = e.Pos
	}
}

// confirm writes how far the log is applied, for commands that wait for it.
func (w *watch) confirm(c *conn) error {
	if !w.pending {
		return nil
	}
	_, err := c.exec(`INSERT INTO nodes (id, applied) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET applied = excluded.applied`,
		w.node, int64(w.applied))
	return err
}

// confirmed is called once what confirm wrote is committed.
func (w *watch) confirmed() { w.pending = false }

// Listen registers this process as a serving node. fn is handed every event that is
// committed from now on, by this process or another one, in commit order, each once. fn is called by the writer's goroutine, after the commit
// and before the callers of that batch are answered [K6]. It must not block and
// must not call the store; it may keep the slice.
//
// What was committed before must be read with [Store.Snapshot] afterwards: an
// event whose LogSeq is not above the snapshot's is in the snapshot already.
//
// A gap in the log (the events were pruned before they were read) is handed over
// as one [session.LogLost] event: the listener must read that pool again.
//
// It is called once, by the server, before anything is served.
func (s *Store) Listen(node string, fn func([]session.Event)) error {
	return s.control(func(w *writer) error {
		if err := w.connect(); err != nil {
			return unavailable(err)
		}
		w.watch = watch{node: node, listen: fn, at: make(map[session.PoolID]int64), pending: true}
		w.version = -1
		err := w.conn.query(`SELECT id, log_seq FROM pools`, func(r row) error {
			w.watch.at[session.PoolID(r.int64(0))] = r.int64(1)
			return nil
		})
		if err == nil {
			w.watch.applied, err = readPos(w.conn)
		}
		if err == nil { // of earlier servers: a directory has one server
			_, err = w.conn.exec(`DELETE FROM nodes WHERE id <> ?`, node)
		}
		if err != nil {
			w.watch = watch{}
			return unavailable(err)
		}
		w.look() // writes the position at which it begins
		return nil
	})
}

// look checks whether another process has committed. If so, it hands over the changes
// in a transaction of the writer.
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
	if version != w.version || w.watch.pending || w.store.clock.due() {
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

// news hands over what other processes have committed since the last look. It runs
// inside a transaction, so no commit can come between their events and this
// process's own.
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

// follow hands over everything that is new in the pools' logs.
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
	newest, err := readPos(w.conn)
	if err != nil {
		return err
	}
	for _, pool := range behind {
		if err := w.followPool(pool, newest); err != nil {
			return err
		}
	}
	if newest > w.watch.applied {
		w.watch.applied, w.watch.pending = newest, true
	}
	return nil
}

// followPool hands over what is new in a pool's log; newest is the position of
// the newest commit.
func (w *writer) followPool(pool session.Pool, newest session.Pos) error {
	for w.watch.at[pool.ID] < pool.LogSeq {
		at := w.watch.at[pool.ID]
		var events []session.Event
		err := eventsAfter(w.conn, pool.ID, at, slice, func(e session.Event) { events = append(events, e) })
		if err != nil {
			return err
		}
		if !gapless(events, at) {
			events = []session.Event{lost(pool, newest, w.store.Now())}
		}
		w.deliver(events)
		w.watch.at[pool.ID] = events[len(events)-1].LogSeq
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

// lost stands for all events of a pool that are no longer in the log.
func lost(p session.Pool, pos session.Pos, now time.Time) session.Event {
	return session.Event{Pool: p.ID, Pos: pos, LogSeq: p.LogSeq, PresenceSeq: p.PresenceSeq, At: now, Type: session.LogLost,
		Limit: p.Limit, Held: p.Held, Grace: p.Grace, Offered: p.Offered, Presence: p.Presence}
}

// waitInterval is how often WaitApplied looks.
const waitInterval = 5 * time.Millisecond

// WaitApplied waits until the server that runs on the data directory has
// applied everything that this Store has committed. It returns at once if no server
// runs. It returns ctx's error if that comes first: the change is committed, but not
// confirmed. It is for the command line: the server has applied its own changes
// by the time the store returns.
func (s *Store) WaitApplied(ctx context.Context) error {
	want := s.committed.Load()
	if want == 0 {
		return nil
	}
	tick := time.NewTicker(waitInterval)
	defer tick.Stop()
	for {
		if _, running := ServerPID(s.opts.Dir); !running {
			return nil
		}
		var applied int64
		err := s.read(ctx, func(c *conn) error {
			return c.query(`SELECT COALESCE(MAX(applied), 0) FROM nodes`, func(r row) error {
				applied = r.int64(0)
				return nil
			})
		})
		if err != nil || applied >= want {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
