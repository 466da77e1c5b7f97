package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// The official client's defaults: reconnectionDelay, reconnectionDelayMax,
// randomizationFactor, timeout. It would retry forever; here the attempts are limited.
const (
	firstDelay = time.Second
	mostDelay  = 5 * time.Second
	spread     = 0.5
	tryFor     = 20 * time.Second
	tries      = 25
)

// comeback is the result of all clients reconnecting.
type comeback struct {
	tried   atomic.Int64
	refused atomic.Int64 // seats and tokens that were taken away
}

// comeBack lets all clients connect and register again like the official client: a first
// attempt after 0.5 to 1.5 s, then with increasing delays.
func (c *crowd) comeBack(ctx context.Context) (*comeback, error) {
	how, group := &comeback{}, errgroup.Group{}
	c.returning.Store(true)
	defer c.returning.Store(false)
	back := make([]*client, len(c.clients))
	for i, old := range c.clients {
		group.Go(func() (err error) {
			if back[i], err = c.oneBack(ctx, old.user, how); err != nil {
				err = fmt.Errorf("%s: %w", userName(old.user), err)
			}
			return err
		})
	}
	err := group.Wait()
	c.clients = c.clients[:0]
	for _, k := range back {
		if k != nil {
			c.clients = append(c.clients, k)
		}
	}
	return how, err
}

func (c *crowd) oneBack(ctx context.Context, user int, how *comeback) (*client, error) {
	var last error
	for try := range tries {
		delay := min(firstDelay<<min(try, 10), mostDelay)
		delay = time.Duration(float64(delay) * (1 - spread + 2*spread*rand.Float64()))
		select {
		case <-time.After(delay):
		case <-ctx.Done():
			return nil, errors.Join(ctx.Err(), last)
		}
		how.tried.Add(1)
		k, err := c.inside(ctx, user)
		switch {
		case err == nil:
			return k, nil
		case errors.Is(err, errRefused), errors.Is(err, errNoSeat):
			how.refused.Add(1)
			return nil, nil // it has been counted
		}
		last = err
	}
	return nil, fmt.Errorf("not back after %d tries: %w", tries, last)
}

var errNoSeat = errors.New("register was refused")

// inside connects and registers.
func (c *crowd) inside(ctx context.Context, user int) (*client, error) {
	ctx, cancel := context.WithTimeout(ctx, tryFor)
	defer cancel()
	k, err := c.dial(ctx, user)
	if err != nil {
		return nil, err
	}
	ok := false
	if err = k.register(); err == nil {
		ok, err = k.answered(ctx)
	}
	if err == nil && !ok {
		err = errNoSeat
	}
	if err != nil {
		k.expectEnd()
		_ = k.conn.NetConn().Close() // the reader ends
		return nil, err
	}
	k.ending.Store(false)
	return k, nil
}
