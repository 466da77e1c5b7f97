package engineio

import (
	"context"
	"sync"
)

// tracker counts what must end before the server has ended. Unlike with a
// sync.WaitGroup, the count may rise while wait is running.
type tracker struct {
	mu   sync.Mutex // guards the rest
	n    int
	idle chan struct{} // closed when n falls to zero; nil without a waiter
}

func (t *tracker) add() {
	t.mu.Lock()
	t.n++
	t.mu.Unlock()
}

func (t *tracker) done() {
	t.mu.Lock()
	t.n--
	if t.n == 0 && t.idle != nil {
		close(t.idle)
		t.idle = nil
	}
	t.mu.Unlock()
}

// wait returns when the count is zero, or with the context's error.
func (t *tracker) wait(ctx context.Context) error {
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
