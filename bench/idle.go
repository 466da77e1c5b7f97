package main

import (
	"context"
	"time"
)

// idleMode is the memory of users that are inside and do nothing.
func idleMode() mode {
	return mode{
		name: "idle",
		metrics: []metric{
			{key: "before", title: "process RSS before any client, MiB", target: "<= 30", digits: 1},
			{key: "idle", title: "RSS bytes per idle connection, all connected", target: "<= 22,000"},
		},
		setting: func(z sizes, _ *peer) setting {
			return setting{users: z.idle, perPool: z.idlePerPool, silent: true}
		},
		measure: func(ctx context.Context, f *figure) (values, error) {
			before, err := f.server.rss()
			if err != nil {
				return nil, err
			}
			if err := f.crowd.join(ctx, 0, f.sizes.idle); err != nil {
				return nil, err
			}
			if err := f.crowd.settle(ctx); err != nil {
				return nil, err
			}
			if err := f.crowd.rest(ctx, time.Duration(f.sizes.settleSeconds*float64(time.Second))); err != nil {
				return nil, err
			}
			after, err := f.server.rss()
			return values{"before": float64(before) / (1 << 20), "idle": float64(after-before) / float64(f.sizes.idle)}, err
		},
	}
}
