package engineio

import (
	"container/heap"
	"sync"
	"time"
)

// sweeper wakes connections at their next deadline: pings, missed pongs, probe and close
// timeouts, alarms. It is a heap with one entry for each connection, and one goroutine
// that runs while there is an entry.
type sweeper struct {
	server *Server
	wake   chan struct{} // capacity 1: the first deadline moved closer

	mu      sync.Mutex // guards the rest, and due and index of every Conn
	queue   dueQueue
	running bool
	sleeps  time.Duration // until when the goroutine sleeps; 0 while it works
}

// grain is how late a deadline may be handled, so that one wake-up serves many
// connections.
func (sw *sweeper) grain() time.Duration {
	return min(max(sw.server.cfg.PingTimeout/100, time.Millisecond), 20*time.Millisecond)
}

// set moves a connection's wake-up to due; zero removes it.
func (sw *sweeper) set(c *Conn, due time.Duration) {
	sw.mu.Lock()
	defer sw.mu.Unlock()
	switch {
	case due == 0:
		if c.index > 0 {
			heap.Remove(&sw.queue, c.index-1)
		}
		if len(sw.queue) == 0 && sw.sleeps != 0 {
			sw.rouse() // to let it end
		}
		return
	case c.index == 0:
		c.due = due
		heap.Push(&sw.queue, c)
	case c.due != due:
		c.due = due
		heap.Fix(&sw.queue, c.index-1)
	}
	if !sw.running {
		sw.running = true
		sw.server.running.add()
		go sw.run()
	} else if due < sw.sleeps {
		sw.sleeps = due
		sw.rouse()
	}
}

// rouse wakes the goroutine.
func (sw *sweeper) rouse() {
	select {
	case sw.wake <- struct{}{}:
	default:
	}
}

// run is the sweeper's goroutine.
func (sw *sweeper) run() {
	defer sw.server.running.done()
	timer := time.NewTimer(0)
	defer timer.Stop()
	var batch []*Conn
	for {
		var pause time.Duration
		batch, pause = sw.take(batch[:0])
		for _, c := range batch {
			c.tick()
		}
		clear(batch)
		if len(batch) > 0 {
			continue
		}
		if pause == 0 {
			return
		}
		timer.Reset(pause)
		select {
		case <-timer.C:
		case <-sw.wake:
		}
	}
}

// take removes and returns the connections that are due, or returns how long to sleep.
// If both are empty, no entry is left and the goroutine ends.
func (sw *sweeper) take(batch []*Conn) ([]*Conn, time.Duration) {
	now := sw.server.now()
	sw.mu.Lock()
	defer sw.mu.Unlock()
	sw.sleeps = 0
	for len(sw.queue) > 0 && sw.queue[0].due <= now && len(batch) < 256 {
		batch = append(batch, heap.Pop(&sw.queue).(*Conn))
	}
	if len(batch) > 0 {
		return batch, 0
	}
	if len(sw.queue) == 0 {
		sw.running = false
		return batch, 0
	}
	sw.sleeps = max(sw.queue[0].due, now+sw.grain())
	return batch, sw.sleeps - now
}

// dueQueue implements heap.Interface; the earliest deadline is first.
type dueQueue []*Conn

func (q dueQueue) Len() int           { return len(q) }
func (q dueQueue) Less(i, j int) bool { return q[i].due < q[j].due }
func (q dueQueue) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].index, q[j].index = i+1, j+1
}

func (q *dueQueue) Push(x any) {
	c := x.(*Conn)
	*q = append(*q, c)
	c.index = len(*q)
}

func (q *dueQueue) Pop() any {
	old := *q
	last := len(old) - 1
	c := old[last]
	old[last] = nil
	*q = old[:last]
	c.index = 0
	return c
}
