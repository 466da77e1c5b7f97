package main

import (
	"context"
	"os"

	"github.com/turnike/turnike/internal/app"
	"github.com/turnike/turnike/internal/config"
)

// serveCommand runs the server. Its flags set the most common keys.
type serveCommand struct {
	Dev bool `help:"Use demo accounts and print their passwords; needs its own data directory."`
	configFlags
}

// configFlags are the keys that also have a flag.
type configFlags struct {
	Listen    string `key:"server.listen" placeholder:"ADDR" help:"server.listen: the address to listen on, host:port."`
	PublicURL string `key:"server.public_url" placeholder:"URL" help:"server.public_url: the address that users open."`
	TLSMode   string `key:"tls.mode" placeholder:"MODE" help:"tls.mode: auto, files, acme or off."`
	SeatLimit string `key:"seat.limit" placeholder:"N" help:"seat.limit: how many users may be inside the pool default at once."`
	LogLevel  string `key:"log.level" placeholder:"LEVEL" help:"log.level: debug, info, warn or error."`
}

// Run runs the server until ctx is done.
func (c *serveCommand) Run(ctx context.Context, inv *invocation) error {
	inv.out = app.NewOutput(inv.stdout, inv.stderr)
	inv.stdout, inv.stderr = inv.out, inv.out.Stderr
	cfg, err := inv.config()
	if err != nil {
		return err
	}
	bootstrap, err := config.BootstrapFile(inv.env)
	if err != nil {
		return err
	}
	return app.Serve(ctx, cfg, app.Options{
		Dev:                   c.Dev,
		BootstrapPasswordFile: bootstrap,
		Reload:                inv.config,
		Program:               programName(),
		Build:                 build(),
		Stdout:                inv.out,
		Stderr:                inv.out.Stderr,
		Terminal:              inv.out.Terminal,
	})
}

// programName returns the name that the program was called by.
func programName() string {
	if len(os.Args) == 0 || os.Args[0] == "" {
		return "turnike"
	}
	return os.Args[0]
}
