package realtime

import (
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/turnike/turnike/internal/session"
)

const (
	leavesMost   = 4096 // that wait one by one; the rest is found by comparison
	leavesAtOnce = 256  // told together, so that the store commits them together
	leavesPause  = time.Second
)

// leaves are the connections that are gone and that the store does not know of
// yet: it has refused the write. Until it knows, their seats are held by
// connections that do not exist [I6]. One goroutine works on them while there are
// any.
type leaves struct {
	mu      sync.Mutex // guards the rest
	most    int
	waiting []session.Disconnect
	missed  bool // more came than fit
	busy    bool // the goroutine works
}

// add queues a leave, and reports whether the goroutine has to be started.
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

// len is how many wait, as far as they fit.
func (l *leaves) len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.waiting)
}

// working reports whether the store refused the last ones.
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

// overflowed reports whether some did not fit, and forgets it.
func (l *leaves) overflowed() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	missed := l.missed
	l.missed = false
	return missed
}

// miss notes that there are some that are not in the queue.
func (l *leaves) miss() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.missed = true
}

// finished reports whether nothing is left; then the goroutine ends.
func (l *leaves) finished() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.busy = len(l.waiting) > 0 || l.missed
	if !l.busy {
		l.waiting = nil
	}
	return !l.busy
}

// leave tells the core that a connection is gone: at once, or once the store takes
// changes again.
func (s *Server) leave(in session.Disconnect) {
	if !s.leaves.working() && s.storeLeave(in) == nil {
		return
	}
	if s.leaves.add(in) {
		s.tasks.Go(s.retryLeaves)
	}
}

// storeLeave tells the core that a connection is gone.
func (s *Server) storeLeave(in session.Disconnect) error {
	err := s.core.Leave(s.ctx, session.ByUser(in.User), in)
	if errors.Is(err, session.ErrNoUser) {
		return nil // there is nothing to leave
	}
	return err
}

// retryLeaves works until nothing waits, or the server stops: boot grace takes care
// of what is not stored then [S7]. The log gets a line when the store refuses and
// one when all is stored.
func (s *Server) retryLeaves() {
	refused := false
	for wait := leavesPause / 100; ; wait = min(2*wait, leavesPause) {
		err := s.tryLeaves()
		if s.ctx.Err() != nil {
			return
		}
		if err == nil && s.leaves.finished() {
			break
		}
		if err != nil && !refused {
			refused = true
			s.log.Error("the database does not take connections that are gone; trying again until it does", "error", err)
		}
		select {
		case <-s.ctx.Done():
			return
		case <-time.After(wait):
		}
	}
	if refused {
		s.log.Info("the database knows of all connections that are gone")
	}
}

// tryLeaves tells the store of what waits: of one first, to see whether it takes
// changes, then of many at once.
func (s *Server) tryLeaves() error {
	for n := 1; ; n = leavesAtOnce {
		batch := s.leaves.first(n)
		if len(batch) == 0 {
			return s.leaveMissed()
		}
		failed, err := s.storeLeaves(batch)
		s.leaves.done(len(batch), failed)
		if err != nil {
			return err
		}
	}
}

// storeLeaves tells the core of several at once. It returns those that failed, and
// why one of them did.
func (s *Server) storeLeaves(batch []session.Disconnect) (failed []session.Disconnect, err error) {
	var wg sync.WaitGroup
	errs := make([]error, len(batch))
	for i, in := range batch {
		wg.Go(func() { errs[i] = s.storeLeave(in) })
	}
	wg.Wait()
	for i, e := range errs {
		if e != nil {
			failed, err = append(failed, batch[i]), e
		}
	}
	return failed, err
}

// leaveMissed finds the connections that did not fit into the queue: the store has
// them and the registry does not. The store is read first: a connection is in the
// registry before the store knows it.
func (s *Server) leaveMissed() error {
	if !s.leaves.overflowed() {
		return nil
	}
	stored, err := s.core.Connections(s.ctx)
	if err != nil {
		s.leaves.miss()
		return err
	}
	open := s.sessions.connections()
	var gone []session.Disconnect
	for _, c := range stored {
		if !open[c.ID] {
			gone = append(gone, session.Disconnect{User: c.User, Conn: c.ID})
		}
	}
	for batch := range slices.Chunk(gone, leavesAtOnce) {
		if _, err := s.storeLeaves(batch); err != nil {
			s.leaves.miss()
			return err
		}
	}
	return nil
}
