package realtime

import (
	"context"
	"runtime/debug"
	"sync"
)

// tasks counts the goroutines of a server. Unlike a sync.WaitGroup it allows new ones
// to start during a wait, because hubs go on working during a drain.
type tasks struct {
	mu   sync.Mutex // guards the rest
	n    int
	idle chan struct{} // closed when n falls to zero; nil if no one waits
}

// Go runs f in a goroutine.
func (t *tasks) Go(f func()) {
	t.mu.Lock()
	t.n++
	t.mu.Unlock()
	go func() {
		defer t.done()
		f()
	}()
}

func (t *tasks) done() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.n--; t.n == 0 && t.idle != nil {
		close(t.idle)
		t.idle = nil
	}
}

// wait returns when none runs, or with the context's error.
func (t *tasks) wait(ctx context.Context) error {
	t.mu.Lock()
	if t.n == 0 {
		t.mu.Unlock()
		return nil
	}
	if t.idle == nil {
		t.idle = make(chan struct{})
	}
	idle := t.idle
	t.mu.Unlock()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// recovered ends a panic of a goroutine that serves everybody: a timer's or the
// store's [SEC-40]. It must be deferred directly. Then repairs what the panic has
// left behind; it may be nil.
func (s *Server) recovered(in string, then func()) {
	v := recover()
	if v == nil {
		return
	}
	s.panicked(in, v)
	if then != nil {
		then()
	}
}

// panicked counts and logs a panic. It must be called while the panicking stack is
// still there: by a deferred function.
func (s *Server) panicked(in string, value any) {
	s.counts.panics.Add(1)
	s.log.Error("panic", "in", in, "panic", value, "stack", string(debug.Stack()))
}
