package main

import (
	"context"
	"fmt"
	"time"

	"github.com/turnike/turnike/internal/app"
	"github.com/turnike/turnike/internal/config"
	"github.com/turnike/turnike/internal/session"
)

// statusCommand shows the state of one installation at a glance.
type statusCommand struct{ listFlags }

// status is what the command prints.
type status struct {
	Running  bool      `json:"running"`
	Data     string    `json:"data"`
	URL      string    `json:"url,omitempty"`
	PID      int       `json:"pid,omitempty"`
	Version  string    `json:"version,omitempty"`
	Started  string    `json:"started,omitempty"`
	Pools    []poolRow `json:"pools"`
	Sessions int       `json:"sessions"`
	Problems []string  `json:"problems"`

	pools []session.Pool
}

// Run prints the status. It fails if no server runs.
func (c *statusCommand) Run(ctx context.Context, inv *invocation) (err error) {
	w, err := inv.open(ctx)
	if err != nil {
		return err
	}
	defer w.close(&err)
	s := status{Data: inv.data, Problems: []string{}}
	occupied, err := w.store.Occupancy(ctx)
	if err != nil {
		return err
	}
	s.Sessions = occupied.Sessions
	s.pools = occupied.Pools
	for _, p := range occupied.Pools {
		s.Pools = append(s.Pools, newPoolRow(p))
		s.Problems = append(s.Problems, poolProblems(w.cfg, p)...)
	}
	if w.server != nil {
		s.Running, s.URL, s.PID, s.Version, s.Started = true, w.server.URL, w.server.PID, w.server.Version, w.server.Started
		if err := w.server.Ask(ctx, inv.data, "readyz"); err != nil {
			s.Problems = append(s.Problems, err.Error())
		}
	}
	if c.JSON {
		err = printJSON(inv.stdout, s)
	} else {
		err = s.print(inv)
	}
	if err == nil && !s.Running {
		err = fmt.Errorf("%w %s; start it with: turnike serve --data %s", app.ErrNotRunning, inv.data, inv.data)
	}
	return err
}

// print prints the status as text.
func (s status) print(inv *invocation) error {
	look := terminalStyle(inv.stdout)
	if s.Running {
		started, _ := time.Parse(time.RFC3339, s.Started) // the server wrote it in this form
		if err := inv.say("%s at %s since %s (%s ago), process %d, version %s", look.green("running"), s.URL, s.Started,
			ago(time.Now(), started), s.PID, s.Version); err != nil {
			return err
		}
	}
	if err := inv.say("data directory %s, %s\n", s.Data, count(s.Sessions, "live session")); err != nil {
		return err
	}
	if err := printTable(inv.stdout, poolHeader, poolCells(s.pools)); err != nil {
		return err
	}
	if len(s.Problems) == 0 {
		return inv.say("\nno problems")
	}
	if err := inv.say(""); err != nil {
		return err
	}
	for _, p := range s.Problems {
		if err := inv.say("%s %s", look.yellow("problem:"), p); err != nil {
			return err
		}
	}
	return nil
}

// poolProblems returns what an operator should know about a pool.
func poolProblems(c config.Config, p session.Pool) []string {
	var out []string
	switch over := p.Used() - p.Limit; {
	case over > 0:
		out = append(out, fmt.Sprintf("pool %s is over its limit by %d; no new user gets in", p.Name, over))
	case over == 0 && p.Limit > 0:
		out = append(out, fmt.Sprintf("pool %s is full", p.Name))
	}
	if text := limitDiffers(c, p); text != "" {
		out = append(out, text)
	}
	return out
}
