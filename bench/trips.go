package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// trips are round trips of clients that ping at a steady pace. The clock of each
// starts when the ping was due, so that a server that stands still is charged
// for all that it kept waiting.
type trips struct {
	mu   sync.Mutex // guards the rest
	due  map[*client][]time.Time
	took []time.Duration
	idle chan struct{} // told when nothing is under way; room for one
}

// back is called by the client's reading goroutine: answers come in order.
func (t *trips) back(k *client) {
	now := time.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	queue := t.due[k]
	if len(queue) == 0 {
		return
	}
	t.took = append(t.took, now.Sub(queue[0]))
	if t.due[k] = queue[1:]; len(queue) == 1 {
		delete(t.due, k)
	}
	if len(t.due) == 0 {
		select {
		case t.idle <- struct{}{}:
		default:
		}
	}
}

func (t *trips) sent(k *client, due time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.due[k] = append(t.due[k], due)
}

// pace is how often a healthy client pings.
const pace = 100 * time.Millisecond

// lastAnswer is how long the last answers may take.
const lastAnswer = 20 * time.Second

// steady lets all clients ping for a time, and gives their round trips.
func (c *crowd) steady(ctx context.Context, d time.Duration) ([]time.Duration, error) {
	t := &trips{due: make(map[*client][]time.Time), idle: make(chan struct{}, 1)}
	c.trips.Store(t)
	defer c.trips.Store(nil)
	step := pace / time.Duration(len(c.clients)) // not all at once
	begin := time.Now()
	for i := 0; ; i++ {
		due := begin.Add(time.Duration(i) * step)
		if due.Sub(begin) >= d {
			break
		}
		if err := c.rest(ctx, time.Until(due)); err != nil {
			return nil, err
		}
		k := c.clients[i%len(c.clients)]
		t.sent(k, due)
		if err := k.ping(); err != nil {
			return nil, err
		}
	}
	return t.all(ctx, c)
}

// all waits for the answers that are missing.
func (t *trips) all(ctx context.Context, c *crowd) ([]time.Duration, error) {
	late := time.After(lastAnswer)
	for {
		t.mu.Lock()
		missing, took := len(t.due), t.took
		t.mu.Unlock()
		if missing == 0 {
			return took, nil
		}
		select {
		case <-t.idle:
		case <-late:
			return nil, fmt.Errorf("%d healthy clients had no answer for %v", missing, lastAnswer)
		case <-c.failed:
			return nil, errors.Join(errors.New("a healthy client was lost"), *c.failure.Load())
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// millis is a quantile, in milliseconds.
func millis(all []time.Duration, q float64) float64 {
	sorted := slices.Sorted(slices.Values(all))
	return micros(sorted[int(q*float64(len(sorted)-1))]) / 1e3
}
