package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"

	"github.com/alecthomas/kong"
)

// defaultData is the data directory when nothing names another one.
const defaultData = "./data"

// app is what every command works with.
type app struct {
	data, file string // the data directory, the configuration file
	env        environment
	flags      layer // those that stand for keys of the configuration
	parsed     *kong.Context

	stdin          io.Reader
	stdout, stderr io.Writer
	out            *output // of serve; it waits for no reader. Else nil
}

// finish reports how the command ended and returns the exit code.
func (a *app) finish(err error) int {
	code := report(a.stderr, err)
	if a.out != nil {
		a.out.close()
	}
	return code
}

func newApp(grammar commands, parsed *kong.Context, env environment) (*app, error) {
	for _, name := range extras() {
		if text, isSet := env[name]; isSet && text == "" {
			return nil, fmt.Errorf("%s: it is set and empty; unset it or give it a value", name)
		}
	}
	return &app{
		data:   cmp.Or(grammar.Data, env[envData], defaultData),
		file:   cmp.Or(grammar.Config, env[envConfig]),
		env:    env,
		flags:  flagLayer(parsed),
		parsed: parsed,
	}, nil
}

// flagLayer takes the flags that stand for a key and were given.
func flagLayer(parsed *kong.Context) layer {
	out := layer{}
	for _, f := range parsed.Flags() {
		if key := f.Tag.Get("key"); key != "" && f.Set {
			out[key] = setting{origin: "--" + f.Name, text: fmt.Sprint(parsed.FlagValue(f))}
		}
	}
	return out
}

// config reads the configuration that a server started now would have.
func (a *app) config() (Config, error) {
	return loadConfig(sources{data: a.data, file: a.file, env: a.env, flags: a.flags})
}

// configInForce reads the configuration for a command beside the server: while
// one runs, its own configuration wins over the file and the environment, which
// then give only the secrets. The second result is nil while none runs.
func (a *app) configInForce() (Config, *runningServer, error) {
	server, err := readRunning(a.data)
	if errors.Is(err, errNotRunning) {
		cfg, err := a.config()
		return cfg, nil, err
	}
	if err != nil {
		return Config{}, nil, err
	}
	cfg, err := loadConfig(sources{data: a.data, file: a.file, env: a.env, flags: a.flags, running: &server})
	return cfg, &server, err
}

// say writes a line for people to stdout.
func (a *app) say(format string, args ...any) error {
	_, err := fmt.Fprintf(a.stdout, format+"\n", args...)
	return err
}
