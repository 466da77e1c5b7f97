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

// defaultData is the data directory when nothing names another one.
const defaultData = "./data"

// invocation is what every command works with.
type invocation struct {
	data, file string // the data directory, the configuration file
	env        config.Environment
	flags      config.Flags // those that stand for keys of the configuration
	parsed     *kong.Context

	stdin          io.Reader
	stdout, stderr io.Writer
	out            *app.Output // of serve; it waits for no reader. Else nil
}

// finish reports how the command ended and returns the exit code.
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

// keyFlags returns the flags that stand for a key and were given.
func keyFlags(parsed *kong.Context) config.Flags {
	out := config.Flags{}
	for _, f := range parsed.Flags() {
		if key := f.Tag.Get("key"); key != "" && f.Set {
			out[key] = config.Flag{Name: f.Name, Value: fmt.Sprint(parsed.FlagValue(f))}
		}
	}
	return out
}

// config reads the configuration that a server started now would have.
func (inv *invocation) config() (config.Config, error) {
	return config.Load(config.Sources{Data: inv.data, File: inv.file, Env: inv.env, Flags: inv.flags})
}

// configInForce reads the configuration for a command beside the server: while
// one runs, its own configuration wins over the file and the environment, which
// then give only the secrets. The second result is nil while none runs.
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

// say writes a line for people to stdout.
func (inv *invocation) say(format string, args ...any) error {
	_, err := fmt.Fprintf(inv.stdout, format+"\n", args...)
	return err
}
