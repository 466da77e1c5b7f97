package sqlite

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/turnike/turnike/internal/session"
)

// decision is a rule with its arguments: it chooses the change of a state.
type decision func(session.State, time.Time) session.Change

// request is one change that waits to be written. What a rule decides names the
// state that the rule needs, so that the writer can read it beforehand; what no
// rule decides is a function.
type request struct {
	user   string         // whose state decide is given; "" for a pool alone
	pool   session.PoolID // of that state; where there is a user, the writer resolves it
	decide decision
	run    func(*tx) error // instead of decide

	stays bool        // the caller waits for the change however long it takes
	pos   session.Pos // of the change's events; 0 where it has none
	err   error
	done  chan error // takes one answer without a reader
}

// decide queues a change that a rule chooses and waits until it is durable. It
// returns the position of the change's events, 0 where nothing changed.
func (s *Store) decide(ctx context.Context, r *request) (session.Pos, error) {
	if err := s.submit(ctx, r); err != nil {
		return 0, err // the writer may still be at work on r
	}
	return r.pos, nil
}

// order resolves the pools of the batch's requests and sorts the requests by
// pool. Functions keep their places: a rule never moves past one, because it is
// not known what a function reads or writes. Requests of one pool keep their
// order.
func (w *writer) order(t *tx) error {
	if len(w.batch) < 2 {
		return nil
	}
	for _, r := range w.batch {
		if err := t.resolve(r); err != nil {
			return err
		}
	}
	for rest := w.batch; len(rest) > 0; {
		n := slices.IndexFunc(rest, func(r *request) bool { return r.run != nil })
		if n < 0 {
			n = len(rest)
		}
		slices.SortStableFunc(rest[:n], func(a, b *request) int { return cmp.Compare(a.pool, b.pool) })
		rest = rest[min(n+1, len(rest)):]
	}
	return nil
}

// resolve finds the pool of a request's user. What it reads is kept for the
// request itself. Only an error of the database counts here: the request reports
// every other one when its turn comes.
func (t *tx) resolve(r *request) error {
	if r.user == "" {
		return nil
	}
	l, known := t.mirror.get(r.user)
	if !known {
		var err error
		if l, err = t.read(r.user); err != nil {
			r.pool = session.SystemPool
			return t.conn.failed
		}
		t.mirror.put(l)
	}
	r.pool = l.User.Pool
	return nil
}

// perform carries out a request: it loads the state, lets the rule decide and
// writes the change, or runs the function.
func (t *tx) perform(r *request) error {
	switch {
	case r.run != nil:
		return r.run(t)
	case r.user == "":
		p, err := t.pool(r.pool)
		if err != nil {
			return err
		}
		l := loaded{State: session.State{Pool: p}}
		return t.applyFor(r, l, r.decide(l.State, t.now()))
	}
	l, err := t.load(r.user)
	if err != nil {
		return err
	}
	ch := r.decide(l.forRule(), t.now())
	t.mirror.forget(r.user)
	if err := t.applyFor(r, l, ch); err != nil {
		return err
	}
	for _, other := range slices.Concat(ch.SeatsGone, ch.SeatLost) {
		t.mirror.forget(other)
	}
	t.mirror.put(l.after(ch))
	return nil
}

// applyFor writes the change that a request's rule has chosen, and notes its
// position for the answer.
func (t *tx) applyFor(r *request, l loaded, ch session.Change) error {
	r.pos = 0 // of an earlier run
	if err := t.apply(l, ch); err != nil || ch.Empty() {
		return err
	}
	r.pos = t.pos
	return nil
}
