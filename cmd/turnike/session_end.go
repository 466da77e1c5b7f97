package main

import (
	"context"
	"errors"
	"fmt"
	"unicode"
	"unicode/utf8"

	"github.com/turnike/turnike/internal/input"
	"github.com/turnike/turnike/internal/session"
	"github.com/turnike/turnike/internal/wire"
)

// maxReason is the greatest length of a reason, in characters [SEC-57].
const maxReason = 256

// sessionEndCommand ends one session, or all sessions of a user.
type sessionEndCommand struct {
	ID     string `arg:"" optional:"" help:"The session's id."`
	User   string `placeholder:"NAME" complete:"users" help:"End all sessions of this user instead."`
	Reason string `placeholder:"TEXT" help:"The reason shown to the user; at most 256 characters."`
}

// Run ends the sessions. After it has returned without an error, every request and
// socket of them is rejected [I2].
func (c *sessionEndCommand) Run(ctx context.Context, inv *invocation) (err error) {
	if (c.ID == "") == (c.User == "") {
		return usageError{"session end: give the id of a session, or --user NAME"}
	}
	if err := checkReason(c.Reason); err != nil {
		return err
	}
	w, err := inv.open(ctx)
	if err != nil {
		return err
	}
	defer w.close(&err)
	if c.ID != "" {
		return c.endOne(ctx, inv, w)
	}
	u, err := w.user(ctx, c.User)
	if err != nil {
		return err
	}
	n, err := w.end(ctx, session.Ending{User: u.ID, Code: session.EndedByAdmin, Reason: c.Reason})
	if err != nil {
		return err
	}
	return inv.say("%s of %s ended", count(n, "session"), u.Name)
}

func (c *sessionEndCommand) endOne(ctx context.Context, inv *invocation, w *workspace) error {
	s, u, err := w.core.Session(ctx, c.ID)
	ended, isEnded := errors.AsType[*session.EndedError](err)
	switch {
	case errors.Is(err, session.ErrUnknown):
		return fmt.Errorf("there is no session %s", input.Quote(c.ID))
	case isEnded:
		return fmt.Errorf("session %s has ended already: %s at %s", c.ID, ended.Code, wire.Timestamp(ended.At))
	case err != nil:
		return err
	}
	n, err := w.end(ctx, session.Ending{User: s.User, Session: s.ID, Code: session.EndedByAdmin, Reason: c.Reason})
	switch {
	case err != nil:
		return err
	case n == 0: // it ended since it was read
		return fmt.Errorf("session %s has ended already", c.ID)
	}
	return inv.say("session %s of %s ended", s.ID, u.Name)
}

// end ends sessions and waits for the running server.
func (w *workspace) end(ctx context.Context, e session.Ending) (int, error) {
	n, err := w.core.End(ctx, w.by, e)
	if err != nil {
		return 0, err
	}
	return n, w.settle(ctx)
}

// checkReason refuses a reason that cannot be shown in one line.
func checkReason(s string) error {
	if n := utf8.RuneCountInString(s); n > maxReason {
		return fmt.Errorf("--reason: it has %d characters; use at most %d", n, maxReason)
	}
	if !utf8.ValidString(s) {
		return errors.New("--reason: it is not UTF-8")
	}
	for _, r := range s {
		if !unicode.IsGraphic(r) {
			return fmt.Errorf("--reason: it has the invisible character %U; remove it", r)
		}
	}
	return nil
}
