package main

import "context"

// connectMode measures the cost of one more user with almost no presence: TLS,
// websocket, authentication, registration. In each pool of Turnike one user is inside
// already; the peers, which have no pools, send no presence.
func connectMode() mode {
	return mode{
		name: "connect",
		metrics: []metric{
			{key: "connect", title: "CPU µs per connect + auth + register", target: "<= 600", limit: 600, node: 2600},
		},
		setting: func(z sizes, _ *peer) setting {
			return setting{users: 2 * z.connects, perPool: 2, silent: true}
		},
		measure: func(ctx context.Context, f *figure) (values, error) {
			n := f.sizes.connects
			if err := f.crowd.join(ctx, 0, n); err != nil {
				return nil, err
			}
			if err := f.crowd.settle(ctx); err != nil {
				return nil, err
			}
			cpu, err := f.cpu(ctx, func() error { return f.crowd.join(ctx, n, n) })
			return values{"connect": micros(cpu) / float64(n)}, err
		},
	}
}
