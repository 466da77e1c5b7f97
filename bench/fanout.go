package main

import "context"

// fanoutMode is one user joining at a time, and everybody being told.
func fanoutMode() mode {
	return mode{
		name: "fanout",
		metrics: []metric{
			{key: "fanout", title: "CPU µs per delivered frame, one join at a time announced to all", target: "<= 4.5", limit: 4.5, node: 20, digits: 2},
			{key: "receiver", title: "… per receiver, which gets two frames (floor: one)", digits: 2},
		},
		setting: func(z sizes, _ *peer) setting {
			return setting{users: z.fanoutMembers + z.joins, silent: true}
		},
		measure: func(ctx context.Context, f *figure) (values, error) {
			c, n := f.crowd, f.sizes.fanoutMembers
			if err := c.join(ctx, 0, n); err != nil {
				return nil, err
			}
			if err := c.connect(ctx, n, f.sizes.joins); err != nil {
				return nil, err
			}
			if err := f.server.announce(); err != nil {
				return nil, err
			}
			if err := c.settle(ctx); err != nil {
				return nil, err
			}
			enough := f.enough()
			before := c.received()
			cpu, err := f.cpu(ctx, func() error {
				for i := range f.sizes.joins {
					if i > 0 && enough() {
						break
					}
					all := c.expect(n+i+1, n)
					if err := c.clients[n+i].register(); err != nil {
						return err
					}
					if err := c.await(ctx, all, "everybody to hear of a join"); err != nil {
						return err
					}
				}
				return nil
			})
			got := c.received().minus(before)
			told := max(got.statuses, got.slots) // the floor tells of it in one frame
			return values{"receiver": micros(cpu) / float64(told), "fanout": micros(cpu) / float64(got.statuses+got.slots)}, err
		},
	}
}
