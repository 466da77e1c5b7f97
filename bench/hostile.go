package main

import (
	"context"
	"time"
)

// hostileMode is what healthy clients notice of an attack, and what it costs the
// server in memory. Quiet times and attack take turns within one figure.
func hostileMode(a attack) mode {
	key := func(what string) string { return a.key + what }
	return mode{
		name: "hostile", section: "Healthy clients beside an attack", once: true,
		notFor: []string{"floor", "flask", "node"},
		metrics: []metric{
			{key: key("50"), title: a.title + ": ms of a round trip, p50", digits: 1, quiet: key("q50")},
			{key: key("99"), title: a.title + ": p99", digits: 1, quiet: key("q99")},
			{key: key("rss"), title: a.title + ": MiB the server grows by", digits: 1, zero: true},
		},
		setting: func(z sizes, _ *peer) setting {
			return setting{users: z.healthy + z.force.slow + 2, limits: true}
		},
		measure: func(ctx context.Context, f *figure) (values, error) {
			if err := f.crowd.join(ctx, 0, f.sizes.healthy); err != nil {
				return nil, err
			}
			if err := f.crowd.settle(ctx); err != nil {
				return nil, err
			}
			before, err := f.server.rss()
			if err != nil {
				return nil, err
			}
			var quiet, loud []time.Duration
			most := before
			for range f.sizes.attackRounds {
				took, err := f.crowd.steady(ctx, seconds(f.sizes.quietSeconds))
				if err != nil {
					return nil, err
				}
				quiet = append(quiet, took...)
				took, rss, err := f.under(ctx, a)
				if err != nil {
					return nil, err
				}
				loud, most = append(loud, took...), max(most, rss)
			}
			return values{key("50"): millis(loud, 0.5), key("99"): millis(loud, 0.99), key("q50"): millis(quiet, 0.5),
				key("q99"): millis(quiet, 0.99), key("rss"): float64(most-before) / (1 << 20)}, nil
		},
	}
}

// under lets the healthy clients ping while the attack runs.
func (f *figure) under(ctx context.Context, a attack) (took []time.Duration, rss int64, err error) {
	attacking, stop := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() { // ends with attacking
		a.run(attacking, &attacker{server: f.server, tls: f.crowd.tls, force: f.sizes.force, users: f.sizes.healthy})
		close(done)
	}()
	took, err = f.crowd.steady(ctx, seconds(f.sizes.attackSeconds))
	rss, rssErr := f.server.rss()
	stop()
	<-done
	if err == nil {
		err = rssErr
	}
	return took, rss, err
}
