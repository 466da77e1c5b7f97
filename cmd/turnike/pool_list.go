package main

import (
	"context"
	"strconv"

	"github.com/turnike/turnike/internal/session"
)

// poolListCommand lists the pools.
type poolListCommand struct{ listFlags }

// poolRow is one pool of the list.
type poolRow struct {
	Name    string `json:"name"`
	Limit   int    `json:"limit"`
	Used    int    `json:"used"`
	Held    int    `json:"held"`
	Grace   int    `json:"grace"`
	Offered int    `json:"offered"`
}

// Run prints the pools.
func (c *poolListCommand) Run(ctx context.Context, inv *invocation) (err error) {
	w, err := inv.open(ctx)
	if err != nil {
		return err
	}
	defer w.close(&err)
	pools, err := w.store.Pools(ctx)
	if err != nil {
		return err
	}
	rows := make([]poolRow, 0, len(pools))
	for _, p := range pools {
		rows = append(rows, newPoolRow(p))
	}
	if err := c.print(inv.stdout, rows, poolHeader, poolCells(pools)); err != nil || c.JSON {
		return err
	}
	for _, p := range pools {
		if text := limitDiffers(w.cfg, p); text != "" {
			return inv.say("\n%s.", text)
		}
	}
	return nil
}

// poolHeader names the columns of poolCells.
const poolHeader = "NAME LIMIT FROM USED HELD GRACE OFFERED"

func newPoolRow(p session.Pool) poolRow {
	return poolRow{Name: p.Name, Limit: p.Limit, Used: p.Used(), Held: p.Held, Grace: p.Grace, Offered: p.Offered}
}

func poolCells(pools []session.Pool) [][]string {
	cells := make([][]string, len(pools))
	for i, p := range pools {
		cells[i] = []string{p.Name, strconv.Itoa(p.Limit), limitFrom(p), strconv.Itoa(p.Used()),
			strconv.Itoa(p.Held), strconv.Itoa(p.Grace), strconv.Itoa(p.Offered)}
	}
	return cells
}
