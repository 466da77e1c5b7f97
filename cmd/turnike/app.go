package main

import (
	"cmp"
	"fmt"
	"io"

	"github.com/alecthomas/kong"
)

// app is what every command works with.
type app struct {
	data, file string // the data directory, the configuration file
	env        environment
	flags      layer // those that stand for keys of the configuration
	parsed     *kong.Context

	stdin          io.Reader
	stdout, stderr io.Writer
}

func newApp(grammar commands, parsed *kong.Context, env environment) *app {
	return &app{
		data:   cmp.Or(grammar.Data, env[envData], "./data"),
		file:   cmp.Or(grammar.Config, env[envConfig]),
		env:    env,
		flags:  flagLayer(parsed),
		parsed: parsed,
	}
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

// config reads the configuration.
func (a *app) config() (Config, error) {
	return loadConfig(sources{data: a.data, file: a.file, env: a.env, flags: a.flags})
}

// say writes a line for people to stdout.
func (a *app) say(format string, args ...any) error {
	_, err := fmt.Fprintf(a.stdout, format+"\n", args...)
	return err
}
