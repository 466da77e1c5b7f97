package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"

	"github.com/alecthomas/kong"

	"github.com/turnike/turnike/internal/app"
	"github.com/turnike/turnike/internal/config"
)

// defaultData is the data directory if nothing names another one.
const defaultData = "./data"

// invocation is one call of the command line: its directories, environment, flags and streams.
type invocation struct {
	data, file string // the data directory, the configuration file
	env        config.Environment
	flags      config.Flags
	parsed     *kong.Context

	stdin          io.Reader
	stdout, stderr io.Writer
	out            *app.Output // only of serve: queues that never wait for a reader
}

// finish reports the error, if any, and returns the exit code.
func (inv *invocation) finish(err error) int {
	code := report(inv.stderr, err)
	if inv.out != nil {
		inv.out.Close()
	}
	return code
}

func newApp(grammar commands, parsed *kong.Context, env config.Environment) *invocation {
	return &invocation{
		data:   cmp.Or(grammar.Data, env[config.EnvData], defaultData),
		file:   cmp.Or(grammar.Config, env[config.EnvConfig]),
		env:    env,
		flags:  keyFlags(parsed),
		parsed: parsed,
	}
}

// keyFlags returns the flags that were given and that set a key.
func keyFlags(parsed *kong.Context) config.Flags {
	out := config.Flags{}
	for _, f := range parsed.Flags() {
		if key := f.Tag.Get("key"); key != "" && f.Set {
			out[key] = config.Flag{Name: f.Name, Value: fmt.Sprint(parsed.FlagValue(f))}
		}
	}
	return out
}

// config loads the configuration that a server would have if it started now.
func (inv *invocation) config() (config.Config, error) {
	return config.Load(config.Sources{Data: inv.data, File: inv.file, Env: inv.env, Flags: inv.flags})
}

// configInForce loads the configuration for a command that works beside the server.
// While a server runs, its configuration wins over the file and the environment,
// which then supply only the secrets. The second result is nil if no server runs.
func (inv *invocation) configInForce() (config.Config, *app.RunningServer, error) {
	server, err := app.ReadRunning(inv.data)
	if errors.Is(err, app.ErrNotRunning) {
		cfg, err := inv.config()
		return cfg, nil, err
	}
	if err != nil {
		return config.Config{}, nil, err
	}
	cfg, err := config.Load(config.Sources{Data: inv.data, File: inv.file, Env: inv.env, Flags: inv.flags, Running: &server.Description})
	return cfg, &server, err
}

// say prints a line on stdout.
func (inv *invocation) say(format string, args ...any) error {
	_, err := fmt.Fprintf(inv.stdout, format+"\n", args...)
	return err
}
