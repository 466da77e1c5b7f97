package main

import (
	"context"
	"strconv"
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
func (c *poolListCommand) Run(ctx context.Context, a *app) (err error) {
	w, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer w.close(&err)
	pools, err := w.store.Pools(ctx)
	if err != nil {
		return err
	}
	rows, cells := make([]poolRow, 0, len(pools)), make([][]string, 0, len(pools))
	for _, p := range pools {
		row := poolRow{Name: p.Name, Limit: p.Limit, Used: p.Used(), Held: p.Held, Grace: p.Grace, Offered: p.Offered}
		rows = append(rows, row)
		cells = append(cells, []string{row.Name, strconv.Itoa(row.Limit), strconv.Itoa(row.Used),
			strconv.Itoa(row.Held), strconv.Itoa(row.Grace), strconv.Itoa(row.Offered)})
	}
	return c.print(a.stdout, rows, "NAME LIMIT USED HELD GRACE OFFERED", cells)
}
