package main

import (
	"fmt"

	"github.com/turnike/turnike/internal/session"
	"github.com/turnike/turnike/internal/store"
)

// limitFrom says where the limit in force of a pool comes from.
func limitFrom(p session.Pool) string {
	if p.LimitSet {
		return "database"
	}
	return "configuration"
}

// limitDiffers says that the limit in force of the pool default is not the
// configured one; "" when it is. One that was set with `pool set` wins.
func limitDiffers(c Config, p session.Pool) string {
	if p.Name != store.DefaultPool || p.Limit == c.Seat.Limit {
		return ""
	}
	if !p.LimitSet {
		return fmt.Sprintf("the limit of pool %s is %d until the server starts with seat.limit = %d", p.Name, p.Limit, c.Seat.Limit)
	}
	return fmt.Sprintf("the limit of pool %s is %d, set in the database with `turnike pool set`; seat.limit = %d is not used", p.Name, p.Limit, c.Seat.Limit)
}
