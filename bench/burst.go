package main

import (
	"context"
	"time"
)

// burstMode: many users join at once, and every user receives each join.
func burstMode() mode {
	return mode{
		name:   "burst",
		notFor: []string{"floor"},
		metrics: []metric{
			{key: "burst", title: "CPU µs per delivered presence change, many joins at once", target: "<= 1", limit: 1, node: 7, digits: 2},
		},
		setting: func(z sizes, _ *peer) setting {
			return setting{users: z.burstMembers + z.burst, silent: true}
		},
		measure: func(ctx context.Context, f *figure) (values, error) {
			c, n := f.crowd, f.sizes.burstMembers
			if err := c.join(ctx, 0, n); err != nil {
				return nil, err
			}
			if err := f.server.announce(); err != nil {
				return nil, err
			}
			var cpu time.Duration
			var changes int64
			enough := f.enough()
			for i := range f.sizes.rounds {
				if i > 0 && enough() {
					break
				}
				d, told, err := f.burst(ctx)
				if err != nil {
					return nil, err
				}
				cpu, changes = cpu+d, changes+told
				if err := f.disperse(ctx); err != nil {
					return nil, err
				}
			}
			return values{"burst": micros(cpu) / float64(changes)}, nil
		},
	}
}

// burst lets users join at once; only this is measured.
func (f *figure) burst(ctx context.Context) (cpu time.Duration, changes int64, err error) {
	c, n, k := f.crowd, f.sizes.burstMembers, f.sizes.burst
	if err := c.connect(ctx, n, k); err != nil {
		return 0, 0, err
	}
	if err := c.settle(ctx); err != nil {
		return 0, 0, err
	}
	before := c.received().statuses
	cpu, err = f.cpu(ctx, func() error {
		all := c.expect(n+k, n+k)
		for _, joiner := range c.clients[n : n+k] {
			if err := joiner.register(); err != nil {
				return err
			}
		}
		return c.await(ctx, all, "everybody to hear of all who joined")
	})
	return cpu, c.received().statuses - before, err
}

// disperse lets them leave again.
func (f *figure) disperse(ctx context.Context) error {
	c, n := f.crowd, f.sizes.burstMembers
	all := c.expect(n, n)
	for _, joiner := range c.clients[n:] {
		if err := joiner.leave(); err != nil {
			return err
		}
	}
	if err := c.await(ctx, all, "everybody to hear of all who left"); err != nil {
		return err
	}
	c.clients = c.clients[:n]
	return c.settle(ctx)
}
