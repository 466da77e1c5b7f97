package presence

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/turnike/turnike/internal/session"
)

// Hub sends the presence of one pool; nothing else does. A goroutine runs only
// while something is queued.
type Hub struct {
	pool session.PoolID
	ctx  context.Context
	cfg  *Config

	mu    sync.Mutex // guards queue and busy
	queue []any      // session.Event, Join, Watch, Question, leave
	busy  bool       // the goroutine runs

	// The goroutine owns what follows.
	view     *view                 // nil until it is needed, and after events were missed
	members  map[Receiver]struct{} // inside
	watchers map[Receiver]struct{} // not inside; they hear connection_slots alone [S9]
	stale    bool                  // the members have missed something
}

// leave is a receiver whose connection has ended.
type leave struct{ receiver Receiver }

// Apply queues a committed event. Events must come in commit order.
func (h *Hub) Apply(e session.Event) { h.push(e) }

// Join lets a receiver in.
func (h *Hub) Join(j Join) { h.push(j) }

// Watch lets a receiver that was refused a seat hear of free ones [S9].
func (h *Hub) Watch(w Watch) { h.push(w) }

// Ask queues a question.
func (h *Hub) Ask(q Question) { h.push(q) }

// Leave forgets a receiver whose connection has ended.
func (h *Hub) Leave(r Receiver) { h.push(leave{r}) }

// push queues an item; it never blocks.
func (h *Hub) push(item any) {
	h.mu.Lock()
	h.queue = append(h.queue, item)
	start := !h.busy
	h.busy = true
	h.mu.Unlock()
	if start {
		h.cfg.Go(h.drain)
	}
}

// drain works off the queue batch by batch. While it sends one batch, the next one
// forms.
func (h *Hub) drain() {
	for {
		h.mu.Lock()
		batch := h.queue
		h.queue = nil
		if len(batch) == 0 {
			h.busy = false
			h.mu.Unlock()
			return
		}
		h.mu.Unlock()
		if h.view == nil && len(h.members)+len(h.watchers) == 0 && !slices.ContainsFunc(batch, needsView) {
			continue // without receivers the view is not needed; the first one to join reads it
		}
		begin := time.Now()
		if !h.work(batch) {
			return // the server stops
		}
		h.rest(time.Since(begin))
	}
}

// needsView reports whether an item cannot be worked off without the view.
func needsView(item any) bool {
	switch item.(type) {
	case Join, Watch, Question:
		return true
	}
	return false
}

const (
	restAfter = 2 * time.Millisecond
	restMost  = 100 * time.Millisecond
)

// rest sleeps as long as the batch took, so that fan-out uses at most half a core
// and more changes share the next write [P4]. A short batch is followed by no
// rest, and a single change goes out at once: the rest comes after it.
func (h *Hub) rest(took time.Duration) {
	if took < restAfter {
		return
	}
	select {
	case <-time.After(min(took, restMost)):
	case <-h.ctx.Done():
	}
}

// work takes one turn. It returns false when the server stops. After a panic the
// view is read again, the members get the whole state in the next turn, and the
// receivers that were about to join are closed, so that they reconnect.
func (h *Hub) work(batch []any) (goesOn bool) {
	defer func() {
		v := recover()
		if v == nil {
			return
		}
		h.cfg.Panicked("a pool's hub", v)
		h.view, h.stale, goesOn = nil, true, true
		for _, item := range batch {
			if j, ok := item.(Join); ok {
				delete(h.members, j.Receiver)
				j.Receiver.Close()
			}
		}
	}()
	if !h.load() {
		return false
	}
	h.turn(batch)
	return true
}

// load reads the view if there is none. It retries until it succeeds, logs the
// first failure, and returns false when the server stops.
func (h *Hub) load() bool {
	logged := false
	for wait := 10 * time.Millisecond; h.view == nil; wait = min(2*wait, time.Second) {
		snap, err := h.cfg.Snapshot(h.ctx, h.pool)
		if err == nil {
			h.view = newView(snap, *h.cfg)
			return true
		}
		if !logged {
			logged = true
			h.cfg.Log.Error("presence not read; trying again until it is", "pool", h.pool, "error", err)
		}
		h.shed()
		select {
		case <-h.ctx.Done():
			return false
		case <-time.After(wait):
		}
	}
	return true
}

// shed keeps the queue short while the seats cannot be read [I7]. It drops events,
// because the seats will contain them, and refuses questions, because they can be
// asked again. What stays is a few items for each receiver.
func (h *Hub) shed() {
	var refused []Question
	h.mu.Lock()
	h.queue = slices.DeleteFunc(h.queue, func(item any) bool {
		switch it := item.(type) {
		case session.Event:
			h.stale = true
			return true
		case Question:
			refused = append(refused, it)
			return true
		}
		return false
	})
	h.mu.Unlock()
	for _, q := range refused {
		q.Reply.Refuse(Unavailable)
	}
}
