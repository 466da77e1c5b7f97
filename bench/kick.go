package main

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// kickMode measures how long a user stays connected after the command line ended the
// session: from the time of the end, which is before its commit, to the close frame.
func kickMode() mode {
	return mode{
		name:   "kick",
		notFor: []string{"floor", "node", "flask"},
		metrics: []metric{
			{key: "kick50", title: "ms from the end of a session to the socket's close, p50", digits: 1},
			{key: "kick99", title: "… p99", target: "<= 50", digits: 1},
		},
		setting: func(z sizes, _ *peer) setting {
			return setting{users: z.kickSockets, perPool: z.idlePerPool, silent: true}
		},
		measure: func(ctx context.Context, f *figure) (values, error) {
			c := f.crowd
			if err := c.join(ctx, 0, f.sizes.kickSockets); err != nil {
				return nil, err
			}
			if err := c.settle(ctx); err != nil {
				return nil, err
			}
			var took []time.Duration
			step := len(c.clients) / f.sizes.kicks
			for i := range f.sizes.kicks {
				k := c.clients[i*step]
				k.expectEnd()
				if err := f.server.endSession(ctx, k.user); err != nil {
					return nil, err
				}
				d, err := k.ended(ctx)
				if err != nil {
					return nil, fmt.Errorf("%s: %w", userName(k.user), err)
				}
				took = append(took, d)
			}
			slices.Sort(took)
			at := func(q float64) float64 { return micros(took[int(q*float64(len(took)-1))]) / 1e3 }
			return values{"kick50": at(0.5), "kick99": at(0.99)}, nil
		},
	}
}
