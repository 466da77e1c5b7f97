package main

import (
	"context"

	"github.com/turnike/turnike/internal/app"
)

// healthcheckCommand checks that the running server answers. It is for containers,
// which have neither a shell nor curl.
type healthcheckCommand struct{}

// Run asks /healthz.
func (healthcheckCommand) Run(ctx context.Context, inv *invocation) error {
	server, err := app.ReadRunning(inv.data)
	if err != nil {
		return err
	}
	if err := server.Ask(ctx, inv.data, "healthz"); err != nil {
		return err
	}
	return inv.say("healthy")
}
