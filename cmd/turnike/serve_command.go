package main

import (
	"context"
	"io"
	"os"

	"github.com/turnike/turnike/internal/config"
	"github.com/turnike/turnike/internal/logging"
)

// serveCommand runs the server. Its flags are the common keys of the
// configuration.
type serveCommand struct {
	Dev bool `help:"Demo accounts with printed passwords, on a data directory of their own."`
	configFlags
}

// configFlags are the keys that have a flag as well.
type configFlags struct {
	Listen    string `key:"server.listen" placeholder:"ADDR" help:"server.listen: the address to listen on, host:port."`
	PublicURL string `key:"server.public_url" placeholder:"URL" help:"server.public_url: the address that users type."`
	TLSMode   string `key:"tls.mode" placeholder:"MODE" help:"tls.mode: auto, files, acme or off."`
	SeatLimit string `key:"seat.limit" placeholder:"N" help:"seat.limit: users inside the pool default at once."`
	LogLevel  string `key:"log.level" placeholder:"LEVEL" help:"log.level: debug, info, warn or error."`
}

// ServeOptions are what a run of the server needs beside its configuration.
type ServeOptions struct {
	Dev                   bool
	BootstrapPasswordFile string                        // "" for none: the password of admin is made and printed
	Reload                func() (config.Config, error) // reads the configuration again, at SIGHUP
	Stdout                io.Writer
	Stderr                *logging.Queue
	Terminal              bool   // somebody sees what is logged
	Program               string // as it was called, for commands to copy
}

// Run runs the server until ctx is done.
func (c *serveCommand) Run(ctx context.Context, a *app) error {
	a.out = newOutput(a.stdout, a.stderr)
	a.stdout, a.stderr = a.out, a.out.stderr
	cfg, err := a.config()
	if err != nil {
		return err
	}
	bootstrap, err := config.BootstrapFile(a.env)
	if err != nil {
		return err
	}
	return serve(ctx, cfg, ServeOptions{
		Dev:                   c.Dev,
		BootstrapPasswordFile: bootstrap,
		Reload:                a.config,
		Program:               programName(),
		Stdout:                a.out,
		Stderr:                a.out.stderr,
		Terminal:              a.out.terminal,
	})
}

// programName is how the program was called.
func programName() string {
	if len(os.Args) == 0 || os.Args[0] == "" {
		return "turnike"
	}
	return os.Args[0]
}
