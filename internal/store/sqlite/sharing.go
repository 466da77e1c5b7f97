package sqlite

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/turnike/turnike/internal/session"
)

// sharingRow is a session.Sharing as it is stored in the column contest of users.
// Times are in milliseconds.
type sharingRow struct {
	Replaced []int64       `json:"replaced,omitempty"`
	Unproven []unprovenRow `json:"unproven,omitempty"`
	Until    int64         `json:"until,omitempty"`
	Tickets  []ticketRow   `json:"tickets,omitempty"`
}

type unprovenRow struct {
	Device []byte `json:"device"`
	At     int64  `json:"at"`
}

type ticketRow struct {
	Hash        []byte `json:"hash"`
	CredVersion int64  `json:"cred_version"`
	Expires     int64  `json:"expires"`
}

func (t *tx) writeSharing(l loaded, c *session.Sharing) error {
	if c == nil {
		return nil
	}
	text := ""
	if !c.Empty() {
		var row sharingRow
		for _, at := range c.Replaced {
			row.Replaced = append(row.Replaced, at.UnixMilli())
		}
		for _, u := range c.Unproven {
			row.Unproven = append(row.Unproven, unprovenRow{u.Device, u.At.UnixMilli()})
		}
		if !c.Until.IsZero() {
			row.Until = c.Until.UnixMilli()
		}
		for _, ticket := range c.Tickets {
			row.Tickets = append(row.Tickets, ticketRow{ticket.Hash, ticket.CredVersion, ticket.Expires.UnixMilli()})
		}
		raw, err := json.Marshal(row)
		if err != nil {
			return err
		}
		text = string(raw)
	}
	_, err := t.exec(`UPDATE users SET contest = ? WHERE no = ?`, text, l.no)
	return err
}

func decodeSharing(text string) (session.Sharing, error) {
	var c session.Sharing
	if text == "" {
		return c, nil
	}
	var row sharingRow
	if err := json.Unmarshal([]byte(text), &row); err != nil {
		return c, fmt.Errorf("what is remembered of a user's sharing: %w", err)
	}
	at := func(ms int64) time.Time { return time.UnixMilli(ms).UTC() }
	for _, ms := range row.Replaced {
		c.Replaced = append(c.Replaced, at(ms))
	}
	for _, u := range row.Unproven {
		c.Unproven = append(c.Unproven, session.Unproven{Device: u.Device, At: at(u.At)})
	}
	if row.Until != 0 {
		c.Until = at(row.Until)
	}
	for _, t := range row.Tickets {
		c.Tickets = append(c.Tickets, session.Ticket{Hash: t.Hash, CredVersion: t.CredVersion, Expires: at(t.Expires)})
	}
	return c, nil
}
