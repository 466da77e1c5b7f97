package main

import (
	"context"
	"time"
)

// echoMode: one event and its answer; each client sends the next event as soon as it was
// answered.
func echoMode() mode {
	return mode{
		name: "echo",
		metrics: []metric{
			{key: "echo", title: "CPU µs per `ping_manual` round trip", target: "<= 8", limit: 8, node: 29, digits: 1},
		},
		setting: func(z sizes, _ *peer) setting { return setting{users: z.echoClients, silent: true} },
		measure: func(ctx context.Context, f *figure) (values, error) {
			c := f.crowd
			if err := c.join(ctx, 0, f.sizes.echoClients); err != nil {
				return nil, err
			}
			if err := c.settle(ctx); err != nil {
				return nil, err
			}
			before := c.pongs.Load()
			cpu, err := f.cpu(ctx, func() error {
				c.pinging.Store(true)
				for _, k := range c.clients {
					if err := k.ping(); err != nil {
						return err
					}
				}
				err := c.rest(ctx, time.Duration(f.sizes.echoSeconds*float64(time.Second)))
				c.pinging.Store(false)
				return err
			})
			return values{"echo": micros(cpu) / float64(c.pongs.Load()-before)}, err
		},
	}
}
