package sqlite

import (
	"crypto/rand"
	"fmt"
	"runtime/debug"
	"slices"
	"time"

	"github.com/turnike/turnike/internal/session"
)

// tx is the writer's transaction: what a batch reads and writes.
type tx struct {
	conn   *conn
	now    func() time.Time
	still  bool // no server runs [session.State.Still]
	mirror *mirror
	verify func(mirrored, read loaded) error // Options.verify

	// Failures after something was written are rare, and a savepoint costs as
	// much as two statements and the copies of the pages they touch. So a batch
	// is tried without any first.
	savepoints bool // each request that writes has one of its own
	spoilt     bool // without savepoints: a request failed after it had written, so everything has to be undone

	// The pools' rows are read once and written once in a transaction: nothing else
	// can change them in between.
	pools  map[session.PoolID]*pooled
	events []session.Event // of all requests, in order
	pos    session.Pos     // that they share; 0 before the first one
	wrote  bool            // some row was changed
	mark   string          // identifies a batch without events [tx.sign]

	kept *note // of the server's clock; it is in force once this is committed

	data []byte // reused from event to event

	// Of the request that runs now.
	began bool           // it has begun to write, and has its savepoint, if there are any
	undo  []session.Pool // its pools as they were before
	first int            // len(events) before
}

// pooled is a pool's row as it was read and as it will be written.
type pooled struct{ old, now session.Pool }

// request carries out one request, whole or not at all. When the connection has
// failed, the transaction must not be committed, whatever the request returned.
func (t *tx) request(r *request) error {
	t.began, t.undo, t.first = false, t.undo[:0], len(t.events)
	err := t.guarded(r)
	if t.conn.failed != nil {
		return t.conn.failed
	}
	if err == nil {
		if t.began && t.savepoints {
			_, err = t.conn.exec(`RELEASE request`)
		}
		return err
	}
	t.events = t.events[:t.first]
	for _, p := range slices.Backward(t.undo) {
		t.pools[p.ID].now = p
	}
	switch {
	case t.began && !t.savepoints:
		t.spoilt = true
	case t.began:
		// An error of these is the connection's, and breaks the batch.
		if _, failed := t.conn.exec(`ROLLBACK TO request`); failed == nil {
			_, _ = t.conn.exec(`RELEASE request`)
		}
	}
	return err
}

// guarded performs the request; a panic becomes an error.
func (t *tx) guarded(r *request) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &panicError{value: p, stack: debug.Stack()}
		}
	}()
	return t.perform(r)
}

// exec writes. It sets the request's savepoint, if it is the request's first write:
// most refusals write nothing.
func (t *tx) exec(query string, args ...any) (int64, error) {
	if !t.began && t.savepoints {
		if _, err := t.conn.exec(`SAVEPOINT request`); err != nil {
			return 0, err
		}
	}
	t.began = true
	n, err := t.conn.exec(query, args...)
	t.wrote = t.wrote || n > 0
	return n, err
}

// sign writes a mark for a batch that wrote but has no events. It proves the outcome
// of a COMMIT that failed [writer.outcome].
func (t *tx) sign() error {
	if len(t.events) > 0 || !t.wrote {
		return nil
	}
	t.mark = rand.Text()
	_, err := t.conn.exec(upsertMeta, metaBatch, t.mark)
	return err
}

// pool returns a pool's row as it is in the transaction. Error: ErrNoPool.
func (t *tx) pool(id session.PoolID) (session.Pool, error) {
	if p := t.pools[id]; p != nil {
		return p.now, nil
	}
	p, known := t.mirror.pool(id)
	if !known {
		var err error
		if p, err = loadPool(t.conn, id); err != nil {
			return session.Pool{}, err
		}
	}
	t.pools[id] = &pooled{old: p, now: p}
	return p, nil
}

// setPool changes a pool's row, which must have been read with pool.
func (t *tx) setPool(p session.Pool) {
	at := t.pools[p.ID]
	t.undo = append(t.undo, at.now)
	at.now = p
}

// flush writes the pools' rows and the log's position. The guard on log_seq
// catches a second writer, which must not exist.
func (t *tx) flush() error {
	if err := t.advance(); err != nil {
		return err
	}
	for id, p := range t.pools {
		if p.now == p.old {
			continue
		}
		n, err := t.conn.exec(`UPDATE pools SET seat_limit = ?, limit_set = ?, policy = ?, max_sessions = ?, login = ?,
			presence = ?, held = ?, grace = ?, offered = ?, log_seq = ?, presence_seq = ? WHERE id = ? AND log_seq = ?`,
			p.now.Limit, p.now.LimitSet, string(p.now.Policy), p.now.MaxSessions, string(p.now.Login),
			string(p.now.Presence), p.now.Held, p.now.Grace, p.now.Offered, p.now.LogSeq, p.now.PresenceSeq,
			int64(id), p.old.LogSeq)
		if err != nil {
			return err
		}
		if n != 1 {
			return fmt.Errorf("pool %d was changed by another writer after event %d", id, p.old.LogSeq)
		}
	}
	return nil
}

// log writes events to the log, at the transaction's position.
func (t *tx) log(events []session.Event) error {
	pos, err := t.position()
	if err != nil {
		return err
	}
	for _, e := range events {
		e.Pos = pos
		t.data = encodeEvent(t.data[:0], e)
		if _, err := t.exec(`INSERT INTO events (pool_id, log_seq, pos, at, type, class, user_id, session_id, data)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`, int64(e.Pool), e.LogSeq, int64(pos), e.At, string(e.Type), class(e.Type),
			e.User, e.Session, string(t.data)); err != nil {
			return err
		}
		t.events = append(t.events, e)
	}
	return nil
}

// emit numbers an event of a pool and logs it. It is for changes that no rule
// decides. It refuses an event that names no actor.
func (t *tx) emit(pool session.PoolID, e session.Event) error {
	if e.By.Kind == "" {
		return fmt.Errorf("event %s of pool %d does not say by whom", e.Type, pool)
	}
	p, err := t.pool(pool)
	if err != nil {
		return err
	}
	p.LogSeq++
	e.Pool, e.LogSeq, e.PresenceSeq = p.ID, p.LogSeq, p.PresenceSeq
	if e.At.IsZero() {
		e.At = t.now()
	}
	e.Limit, e.Held, e.Grace, e.Offered = p.Limit, p.Held, p.Grace, p.Offered
	t.setPool(p)
	return t.log([]session.Event{e})
}
