package main

import (
	"context"
	"errors"
	"time"

	"golang.org/x/sync/errgroup"
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
			{key: key("rss"), title: a.title + ": growth of the server at most, MiB", target: a.mostRSS, digits: 1, zero: true},
			{key: key("did"), title: a.title + ": " + a.unit + " per second", zero: true},
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
			most, did := before, 0.0
			for range f.sizes.attackRounds {
				took, err := f.crowd.steady(ctx, seconds(f.sizes.quietSeconds))
				if err != nil {
					return nil, err
				}
				quiet = append(quiet, took...)
				u, err := f.under(ctx, a)
				if err != nil {
					return nil, err
				}
				loud, most, did = append(loud, u.took...), max(most, u.rss), did+u.perSecond/float64(f.sizes.attackRounds)
			}
			return values{key("50"): millis(loud, 0.5), key("99"): millis(loud, 0.99), key("q50"): millis(quiet, 0.5),
				key("q99"): millis(quiet, 0.99), key("rss"): float64(most-before) / (1 << 20), key("did"): did}, nil
		},
	}
}

// under is what an attack did.
type under struct {
	took      []time.Duration // round trips of the healthy
	rss       int64           // the server's greatest
	perSecond float64         // of the attack's units
}

// under lets the healthy clients ping while the attack runs.
func (f *figure) under(ctx context.Context, a attack) (u under, err error) {
	attacking, stop := context.WithCancel(ctx)
	var all errgroup.Group
	one := &attacker{server: f.server, tls: f.crowd.tls, force: f.sizes.force, users: f.sizes.healthy}
	all.Go(func() error { a.run(attacking, one); return nil })
	all.Go(func() (err error) { u.rss, err = f.mostRSS(attacking); return err })
	begin := time.Now()
	u.took, err = f.crowd.steady(ctx, seconds(f.sizes.attackSeconds))
	u.perSecond = float64(one.did.Load()) / time.Since(begin).Seconds()
	stop()
	err = errors.Join(err, all.Wait())
	return u, err
}

// mostRSS is the greatest resident memory that the server has until ctx is done.
func (f *figure) mostRSS(ctx context.Context) (most int64, err error) {
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		now, err := f.server.rss()
		if err != nil {
			return 0, err
		}
		most = max(most, now)
		select {
		case <-ctx.Done():
			return most, nil
		case <-tick.C:
		}
	}
}
