package main

import "context"

// connectMode is what one more user costs when nobody has to be told: TLS,
// websocket, authentication, registration.
func connectMode() mode {
	return mode{
		name: "connect",
		metrics: []metric{
			{key: "connect", title: "CPU µs per connect + auth + register", target: "<= 600"},
		},
		setting: func(z sizes, _ *peer) setting {
			return setting{users: warmUp(z) + z.connects, perPool: 1, silent: true}
		},
		measure: func(ctx context.Context, f *figure) (values, error) {
			warm, n := warmUp(f.sizes), f.sizes.connects
			if err := f.crowd.join(ctx, 0, warm); err != nil {
				return nil, err
			}
			if err := f.crowd.settle(ctx); err != nil {
				return nil, err
			}
			cpu, err := f.cpu(ctx, func() error { return f.crowd.join(ctx, warm, n) })
			return values{"connect": micros(cpu) / float64(n)}, err
		},
	}
}

// warmUp is how many connect before anything is counted, for compilers that
// work while the program runs.
func warmUp(z sizes) int { return max(z.connects/10, 5) }
