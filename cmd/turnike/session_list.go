package main

import "context"

// sessionListCommand lists the live sessions.
type sessionListCommand struct{ listFlags }

// sessionRow is one live session of the list.
type sessionRow struct {
	ID         string `json:"id"`
	Username   string `json:"username"`
	Pool       string `json:"pool"`
	Device     string `json:"device"`
	Since      string `json:"since"`
	LastActive string `json:"last_active"`
	Connected  bool   `json:"connected"`
	// Seat is held, grace or offered for the session that has its user's seat,
	// and null for the others.
	Seat      *string `json:"seat"`
	ExpiresAt string  `json:"expires_at"`
}

// Run prints the sessions by user. Without a server nobody is connected,
// whatever the last one has left behind.
func (c *sessionListCommand) Run(ctx context.Context, a *app) (err error) {
	w, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer w.close(&err)
	sessions, err := w.store.Sessions(ctx)
	if err != nil {
		return err
	}
	serving := w.serving()
	rows, cells := make([]sessionRow, 0, len(sessions)), make([][]string, 0, len(sessions))
	for _, s := range sessions {
		row := sessionRow{ID: s.ID, Username: s.Username, Pool: s.Pool, Device: s.Device,
			Since: stamp(s.Since), LastActive: stamp(s.LastActive), Connected: serving && s.Connected, ExpiresAt: stamp(s.Expires)}
		seat := "-"
		if s.Seat != "" {
			seat = string(s.Seat)
			row.Seat = &seat
		}
		rows = append(rows, row)
		cells = append(cells, []string{row.ID, row.Username, row.Pool, row.Device, row.Since, row.LastActive,
			yes(row.Connected), seat, row.ExpiresAt})
	}
	return c.print(a.stdout, rows, "ID USERNAME POOL DEVICE SINCE LAST_ACTIVE CONNECTED SEAT EXPIRES_AT", cells)
}
