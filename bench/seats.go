package main

import (
	"context"
	"time"
)

// seatsMode is many more users than seats, all asking at once: exactly as many
// as there are seats get one.
func seatsMode() mode {
	return mode{
		name:   "seats",
		notFor: []string{"floor"},
		metrics: []metric{
			{key: "over", title: "seats assigned beyond the limit, or left empty", target: "0 (exact)", exact: true},
			{key: "seats", title: "CPU µs per answer to `register_user`, most of them refusals", digits: 0},
		},
		setting: func(z sizes, _ *peer) setting {
			return setting{users: z.seatClients, seats: z.seats, silent: true}
		},
		measure: func(ctx context.Context, f *figure) (values, error) {
			c, n := f.crowd, f.sizes.seatClients
			if err := c.connect(ctx, 0, n); err != nil {
				return nil, err
			}
			if err := f.server.announce(); err != nil {
				return nil, err
			}
			inside := 0
			cpu, err := f.cpu(ctx, func() error {
				for _, k := range c.clients {
					if err := k.register(); err != nil {
						return err
					}
				}
				for _, k := range c.clients {
					ok, err := k.answered(ctx)
					if err != nil {
						return err
					}
					if ok {
						inside++
					}
				}
				return nil
			})
			return values{"over": float64(inside - f.sizes.seats), "seats": micros(cpu) / float64(n)}, err
		},
	}
}

func micros(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e3 }
