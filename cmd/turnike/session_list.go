package main

import (
	"context"
	"time"

	"github.com/turnike/turnike/internal/wire"
)

// sessionListCommand lists the live sessions.
type sessionListCommand struct {
	listFlags
	Wide bool `help:"Print all columns, full names and exact times."`
}

// sessionRow is one live session of the list.
type sessionRow struct {
	ID         string `json:"id"`
	Username   string `json:"username"`
	Pool       string `json:"pool"`
	Device     string `json:"device"`
	Since      string `json:"since"`
	LastActive string `json:"last_active"`
	Connected  bool   `json:"connected"`
	// Seat is held, grace or offered for the session that has the user's seat, and null
	// for the others.
	Seat      *string `json:"seat"`
	ExpiresAt string  `json:"expires_at"`
}

// Run prints the sessions by user, in 80 columns unless --wide is given. If no server
// runs, it shows no session as connected, whatever the database says.
func (c *sessionListCommand) Run(ctx context.Context, inv *invocation) (err error) {
	w, err := inv.open(ctx)
	if err != nil {
		return err
	}
	defer w.close(&err)
	sessions, err := w.store.Sessions(ctx)
	if err != nil {
		return err
	}
	serving := w.serving()
	now := time.Now()
	rows := make([]sessionRow, 0, len(sessions))
	var narrow, wide [][]string
	for _, s := range sessions {
		row := sessionRow{ID: s.ID, Username: s.Username, Pool: s.Pool, Device: s.Device,
			Since: wire.Timestamp(s.Since), LastActive: wire.Timestamp(s.LastActive), Connected: serving && s.Connected, ExpiresAt: wire.Timestamp(s.Expires)}
		seat := "-"
		if s.Seat != "" {
			seat = string(s.Seat)
			row.Seat = &seat
		}
		rows = append(rows, row)
		narrow = append(narrow, []string{row.ID, cut(row.Username, 16), cut(row.Pool, 10), seat, ago(now, s.Since), ago(now, s.LastActive)})
		wide = append(wide, []string{row.ID, row.Username, row.Pool, row.Device, row.Since, row.LastActive,
			yes(row.Connected), seat, row.ExpiresAt})
	}
	if c.Wide {
		return c.print(inv.stdout, rows, "ID USERNAME POOL DEVICE SINCE LAST_ACTIVE CONNECTED SEAT EXPIRES_AT", wide)
	}
	return c.print(inv.stdout, rows, "ID USERNAME POOL SEAT SINCE ACTIVE", narrow)
}
