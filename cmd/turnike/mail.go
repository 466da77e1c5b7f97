package main

import (
	"context"
	"errors"
	"strings"

	"github.com/turnike/turnike/internal/alert"
	"github.com/turnike/turnike/internal/app"
)

// mailTestCommand sends a mail with the configuration in force. Its recipients
// are those of the configuration alone [SEC-60].
type mailTestCommand struct{}

// Run sends the mail. If the mail server refuses it, the error says why and what to
// do.
func (mailTestCommand) Run(ctx context.Context, inv *invocation) error {
	cfg, err := inv.config() // as changed, and not yet read by the server
	if err == nil && len(cfg.Mail.To) == 0 {
		cfg, _, err = inv.configInForce()
	}
	if err != nil {
		return err
	}
	if len(cfg.Mail.To) == 0 {
		return errors.New("mail.to: it is empty, so no mail is ever sent; name who is to be alerted")
	}
	c, err := app.AlertConfig(cfg)
	if err != nil {
		return err
	}
	answer, err := alert.Test(ctx, c)
	if err != nil {
		return err
	}
	return inv.say("%s has taken the mail for %s: %s", cfg.Mail.SMTP, strings.Join(cfg.Mail.To, ", "), strings.ReplaceAll(answer, "\n", " "))
}
