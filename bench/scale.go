package main

import (
	"context"
	"fmt"
	"time"
)

// scaleMode is many users in one pool, all being told of each other; then a
// restart, after which all of them come back at once and must find their seats
// [S7]. There are as many seats as users, so that one given away is one missing.
func scaleMode(z sizes, i int) mode {
	n := z.scale[i]
	key := func(what string) string { return fmt.Sprintf("%s%d", what, n) }
	title := func(what string) string { return number(float64(n), 0) + " users: " + what }
	m := mode{
		name: "scale", section: "Many users and a restart",
		notFor: []string{"floor", "flask"},
		metrics: []metric{
			{key: key("join"), title: title("s until all are inside and have the whole presence"), digits: 2},
			{key: key("joinCPU"), title: title("CPU µs per connect")},
			{key: key("rss"), title: title("RSS bytes per connection, all inside"), zero: true}, // of a few users it is noise
			{key: key("back"), title: title("s from SIGTERM until all are inside again"), digits: 2},
			{key: key("backCPU"), title: title("CPU µs per reconnect, including the server's start")},
			{key: key("tries"), title: title("attempts per reconnect"), digits: 2},
			{key: key("refused"), title: title("seats refused to their owners"), target: "0 (exact)", exact: true},
		},
		setting: func(sizes, *peer) setting { return setting{users: n, limits: true} },
		measure: func(ctx context.Context, f *figure) (values, error) {
			f.crowd.sources = max(f.crowd.sources, n/100) // limits by address are on
			v := make(values)
			if err := f.allJoin(ctx, n, key, v); err != nil {
				return v, err
			}
			return v, f.allReturn(ctx, n, key, v)
		},
	}
	if n > z.slowScale {
		m.notFor = append(m.notFor, "node")
	}
	return m
}

func (f *figure) allJoin(ctx context.Context, n int, key func(string) string, v values) error {
	before, err := f.server.rss()
	if err != nil {
		return err
	}
	begin := time.Now()
	cpu, err := f.cpu(ctx, func() error {
		all := f.crowd.expect(n, n)
		if err := f.crowd.join(ctx, 0, n); err != nil {
			return err
		}
		err := f.crowd.await(ctx, all, "everybody to hear of everybody")
		v[key("join")] = time.Since(begin).Seconds()
		return err
	})
	if err != nil {
		return err
	}
	if err := f.crowd.rest(ctx, seconds(f.sizes.settleSeconds)); err != nil {
		return err
	}
	after, err := f.server.rss()
	v[key("joinCPU")] = micros(cpu) / float64(n)
	v[key("rss")] = float64(after-before) / float64(n)
	return err
}

func (f *figure) allReturn(ctx context.Context, n int, key func(string) string, v values) error {
	c := f.crowd
	for _, k := range c.clients {
		k.expectEnd()
	}
	begin := time.Now()
	restarted := make(chan error, 1)
	go func() { restarted <- f.server.restart(ctx) }() // awaited below
	for _, k := range c.clients {
		select {
		case <-k.over:
		case <-ctx.Done():
			return fmt.Errorf("%s is still connected: %w", userName(k.user), ctx.Err())
		}
	}
	how, err := c.comeBack(ctx)
	v[key("back")] = time.Since(begin).Seconds()
	if e := <-restarted; e != nil {
		return e
	}
	v[key("tries")] = float64(how.tried.Load()) / float64(n)
	v[key("refused")] = float64(how.refused.Load())
	if err != nil {
		return err
	}
	if err := c.settle(ctx); err != nil {
		return err
	}
	cpu, err := f.server.cpu() // of the new process
	v[key("backCPU")] = micros(cpu) / float64(n)
	for _, k := range c.clients {
		select {
		case <-k.over:
			return fmt.Errorf("%s was admitted and then cut: %w", userName(k.user), k.cause)
		default:
		}
	}
	return err
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
