package realtime

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/turnike/turnike/internal/session"
)

const (
	leavesMost   = 4096 // wait one by one; what does not fit is found by comparison
	leavesAtOnce = 256  // are stored together, so that the store commits them together
	leavesPause  = time.Second
)

// leaves tells the core of connections that are gone. While the store refuses
// writes, they wait here: until the store knows, their seats are held by connections
// that do not exist [I6]. One goroutine works while there are any.
type leaves struct {
	ctx   context.Context // when it ends, nothing is tried again
	core  *session.Core
	tasks *tasks
	open  func() map[string]bool // the ids of all sockets that are bound to a session
	log   *slog.Logger
	most  int

	mu      sync.Mutex // guards the rest
	waiting []session.Disconnect
	missed  bool // more came than fit
	busy    bool // the goroutine works
}

// add queues a connection that is gone, and reports whether the goroutine has to be
// started.
func (l *leaves) add(in session.Disconnect) (start bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.waiting) < l.most {
		l.waiting = append(l.waiting, in)
	} else {
		l.missed = true
	}
	start = !l.busy
	l.busy = true
	return start
}

// len returns how many wait in the queue.
func (l *leaves) len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.waiting)
}

// working reports whether the store has refused a write and not recovered since.
func (l *leaves) working() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.busy
}

// first returns the n oldest, which stay in the queue until they are done.
func (l *leaves) first(n int) []session.Disconnect {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.waiting[:min(n, len(l.waiting))])
}

// done takes the n oldest out, and puts those that failed at the end.
func (l *leaves) done(n int, failed []session.Disconnect) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.waiting = append(slices.Delete(l.waiting, 0, n), failed...)
}

// overflowed reports whether some did not fit, and resets that.
func (l *leaves) overflowed() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	missed := l.missed
	l.missed = false
	return missed
}

// miss notes that some are not in the queue.
func (l *leaves) miss() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.missed = true
}

// finished reports whether nothing is left. If so, the goroutine must end.
func (l *leaves) finished() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.busy = len(l.waiting) > 0 || l.missed
	if !l.busy {
		l.waiting = nil
	}
	return !l.busy
}

// leave tells the core that a connection is gone: at once, or when the store accepts
// writes again.
func (l *leaves) leave(in session.Disconnect) {
	if !l.working() && l.store(in) == nil {
		return
	}
	if l.add(in) {
		l.tasks.Go(l.retry)
	}
}

// store tells the core that a connection is gone.
func (l *leaves) store(in session.Disconnect) error {
	err := l.core.Leave(l.ctx, session.ByUser(in.User), in)
	if errors.Is(err, session.ErrNoUser) {
		return nil // there is nothing to leave
	}
	return err
}

// retry works until nothing waits or the server stops. Boot grace covers what is not
// stored by then [S7]. It logs one line when the store refuses a write, and one when
// everything is stored.
func (l *leaves) retry() {
	refused := false
	for wait := leavesPause / 100; ; wait = min(2*wait, leavesPause) {
		err := l.try()
		if l.ctx.Err() != nil {
			return
		}
		if err == nil && l.finished() {
			break
		}
		if err != nil && !refused {
			refused = true
			l.log.Error("the database does not take connections that are gone; trying again until it does", "error", err)
		}
		select {
		case <-l.ctx.Done():
			return
		case <-time.After(wait):
		}
	}
	if refused {
		l.log.Info("the database knows of all connections that are gone")
	}
}

// try stores what waits: one connection first, to see whether the store accepts
// writes, then many at once.
func (l *leaves) try() error {
	for n := 1; ; n = leavesAtOnce {
		batch := l.first(n)
		if len(batch) == 0 {
			return l.compare()
		}
		failed, err := l.storeAll(batch)
		l.done(len(batch), failed)
		if err != nil {
			return err
		}
	}
}

// storeAll tells the core of several connections at once. It returns those that
// failed, and one of the errors.
func (l *leaves) storeAll(batch []session.Disconnect) (failed []session.Disconnect, err error) {
	var wg sync.WaitGroup
	errs := make([]error, len(batch))
	for i, in := range batch {
		wg.Go(func() { errs[i] = l.store(in) })
	}
	wg.Wait()
	for i, e := range errs {
		if e != nil {
			failed, err = append(failed, batch[i]), e
		}
	}
	return failed, err
}

// compare finds the connections that did not fit into the queue: the store has them
// and no socket is open. It reads the store first, because a socket is bound to its
// session before the store knows of it.
func (l *leaves) compare() error {
	if !l.overflowed() {
		return nil
	}
	stored, err := l.core.Connections(l.ctx)
	if err != nil {
		l.miss()
		return err
	}
	open := l.open()
	var gone []session.Disconnect
	for _, c := range stored {
		if !open[c.ID] {
			gone = append(gone, session.Disconnect{User: c.User, Conn: c.ID})
		}
	}
	for batch := range slices.Chunk(gone, leavesAtOnce) {
		if _, err := l.storeAll(batch); err != nil {
			l.miss()
			return err
		}
	}
	return nil
}
