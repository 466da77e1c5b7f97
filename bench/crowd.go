package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gobwas/ws"
	"golang.org/x/sync/errgroup"
)

// crowd holds all clients of one server by user number.
type crowd struct {
	server  *server
	tls     *tls.Config
	clients []*client
	readers sync.WaitGroup
	closing atomic.Bool
	limit   int // connections being opened at once
	sources int // loopback addresses that the clients come from: one has some 28,000 ports

	frames struct{ ping, echo, pong, goodbye []byte } // encoded once, with the same mask

	goal    atomic.Pointer[goal]
	pinging atomic.Bool // clients send the next ping after each answer
	trips   atomic.Pointer[trips]

	returning atomic.Bool // connections may fail and are retried

	statuses, slots, pongs atomic.Int64 // messages received by all

	failure atomic.Pointer[error] // the first
	failed  chan struct{}         // closed at the first failure
}

// goal is a number of users inside that a number of clients must receive.
type goal struct {
	used int64
	left atomic.Int64
	done chan struct{}
}

func newCrowd(s *server, config *tls.Config, limit int) *crowd {
	c := &crowd{server: s, tls: config, limit: limit, sources: 8, failed: make(chan struct{})}
	c.frames.ping = textFrame(`42["ping_manual"]`)
	c.frames.echo = textFrame(fmt.Sprintf(`42["pong_manual",{"pad":"%080d"}]`, 0))
	c.frames.pong = textFrame("3")
	c.frames.goodbye = ws.MustCompileFrame(ws.MaskFrame(ws.NewCloseFrame(ws.NewCloseFrameBody(ws.StatusNormalClosure, ""))))
	return c
}

// loopback returns one of the source addresses of clients.
func loopback(i int) net.IP { return net.IPv4(127, 0, byte(i/200), byte(2+i%200)) }

// connect opens n connections, from the given user on, without registering.
func (c *crowd) connect(ctx context.Context, first, n int) error {
	return c.each(ctx, first, n, func(*client) error { return nil })
}

// join opens n connections and registers each as soon as it is open.
func (c *crowd) join(ctx context.Context, first, n int) error {
	return c.each(ctx, first, n, func(k *client) error {
		if !c.server.peer.speaks {
			return nil
		}
		if err := k.register(); err != nil {
			return err
		}
		ok, err := k.answered(ctx)
		if err == nil && !ok {
			err = errors.New("register was refused")
		}
		return err
	})
}

func (c *crowd) each(ctx context.Context, first, n int, then func(*client) error) error {
	opened := make([]*client, n)
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(c.limit)
	for i := range n {
		group.Go(func() error {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			k, err := c.dial(ctx, first+i)
			if err == nil {
				opened[i] = k
				err = then(k)
			}
			if err != nil {
				err = fmt.Errorf("%s: %w", userName(first+i), err)
			}
			return err
		})
	}
	err := group.Wait()
	for _, k := range opened {
		if k != nil {
			c.clients = append(c.clients, k)
		}
	}
	if first := c.failure.Load(); err != nil && first != nil {
		err = errors.Join(err, *first) // why it ended
	}
	return err
}

// expect sets the goal. Call it before the action that causes the events.
func (c *crowd) expect(used, clients int) *goal {
	g := &goal{used: int64(used), done: make(chan struct{})}
	g.left.Store(int64(clients))
	c.goal.Store(g)
	return g
}

// sees is called by the client's reading goroutine.
func (k *client) sees(used int64) {
	g := k.crowd.goal.Load()
	if g == nil || g == k.met || used != g.used {
		return
	}
	k.met = g
	if g.left.Add(-1) == 0 {
		close(g.done)
	}
}

// await waits until the goal is reached.
func (c *crowd) await(ctx context.Context, g *goal, what string) error {
	select {
	case <-g.done:
		return nil
	case <-c.failed:
		return *c.failure.Load()
	case <-ctx.Done():
		return fmt.Errorf("waiting for %s: %d missing: %w", what, g.left.Load(), ctx.Err())
	}
}

// received returns the number of messages so far.
type received struct{ statuses, slots int64 }

func (c *crowd) received() received {
	return received{c.statuses.Load(), c.slots.Load()}
}

func (r received) minus(o received) received {
	return received{r.statuses - o.statuses, r.slots - o.slots}
}

// calm is how long no message must arrive until everything counts as finished.
const calm = 150 * time.Millisecond

// settle waits until no more messages arrive.
func (c *crowd) settle(ctx context.Context) error {
	for before := (received{-1, -1}); ; {
		now := c.received()
		if now == before {
			return nil
		}
		before = now
		if err := c.rest(ctx, calm); err != nil {
			return err
		}
	}
}

// rest waits for a time.
func (c *crowd) rest(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-c.failed:
		return *c.failure.Load()
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (c *crowd) fail(err error) {
	if c.failure.CompareAndSwap(nil, &err) {
		close(c.failed)
	}
}

// close cuts all connections and waits for their readers. The server has already ended.
func (c *crowd) close() {
	c.closing.Store(true)
	for _, k := range c.clients {
		_ = k.conn.NetConn().Close() // the reader closes it, too
	}
	c.readers.Wait()
}
