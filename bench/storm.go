package main

import "context"

// stormMode is everybody coming at once, and everybody being told of everybody.
func stormMode() mode {
	return mode{
		name:   "storm",
		notFor: []string{"floor"},
		metrics: []metric{
			{key: "storm", title: "CPU µs per connect while all join and each join is announced to all", target: "<= 1000", limit: 1000, node: 18_600},
		},
		setting: func(z sizes, p *peer) setting { return setting{users: stormSize(z, p)} },
		measure: func(ctx context.Context, f *figure) (values, error) {
			n := stormSize(f.sizes, f.server.peer)
			all := f.crowd.expect(n, n)
			cpu, err := f.cpu(ctx, func() error {
				if err := f.crowd.join(ctx, 0, n); err != nil {
					return err
				}
				return f.crowd.await(ctx, all, "everybody to hear of everybody")
			})
			return values{"storm": micros(cpu) / float64(n)}, err
		},
	}
}

// stormSize spares a peer that would need minutes.
func stormSize(z sizes, p *peer) int {
	if p.slow {
		return z.slowStorm
	}
	return z.storm
}
