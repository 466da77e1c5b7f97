package config

import (
	"fmt"

	"github.com/turnike/turnike/internal/secret/secretfile"
)

// Sources says where a configuration comes from.
type Sources struct {
	Data  string      // the data directory
	File  string      // the configuration file; "" for none
	Env   Environment // all variables
	Flags Flags

	Running *Description // left by the running server; nil for none
}

// Flags holds the flags that were given, by the key that they set.
type Flags map[string]Flag

// Flag is a flag of the command line.
type Flag struct{ Name, Value string }

// setting is a value before its field parses it.
type setting struct {
	origin string // as a message names it
	typed  any    // the value in the file
	text   string // the text of the environment or of a flag
	path   bool   // text names a file that holds the secret
}

// layer holds the settings of one source by key.
type layer map[string]setting

// Load reads the sources and checks the result. The order of precedence is: flag,
// running server, environment, file, default. A secret may instead come from a
// credential of the unit, if no other source sets it. The error is one line that
// names the key and says what to do.
func Load(src Sources) (Config, error) {
	c := Config{Data: src.Data, origins: map[string]string{}}
	fields := c.fields()
	file, err := c.fileLayer(src.File, fields)
	if err != nil {
		return Config{}, err
	}
	env, err := c.environmentLayer(src.Env, fields)
	if err != nil {
		return Config{}, err
	}
	unit, err := credentialLayer(src.Env, fields)
	if err != nil {
		return Config{}, err
	}
	if err := unit.disjoint(env, file); err != nil {
		return Config{}, err
	}
	given := layer{}
	for key, f := range src.Flags {
		given[key] = setting{origin: "--" + f.Name, text: f.Value}
	}
	running := layer{}
	if src.Running != nil {
		running = src.Running.layer(fields)
	}
	for _, f := range fields {
		if err := c.take(f, given, running, env, file, unit); err != nil {
			return Config{}, err
		}
	}
	return c, c.validate()
}

// take sets a field to the value in the first layer that has one, or to its default.
func (c *Config) take(f field, layers ...layer) error {
	for _, l := range layers {
		if s, ok := l[f.key]; ok {
			c.origins[f.key] = s.origin
			if err := c.apply(f, s); err != nil {
				return fmt.Errorf("%s (%s): %w", f.key, s.origin, err)
			}
			return nil
		}
	}
	if f.kind == kindSecret {
		return nil // unset
	}
	return f.set(f.def)
}

// apply parses a setting into its field.
func (c *Config) apply(f field, s setting) error {
	switch {
	case s.typed != nil:
		return f.decode(s.typed)
	case !s.path:
		return f.set(s.text)
	}
	content, tooOpen, err := secretfile.Load(s.text)
	if err != nil {
		return fmt.Errorf("%w; name a readable file with the secret in it", err)
	}
	if tooOpen {
		c.Warn("%s: others can use %s, chmod 600 it", f.key, s.text) // [SEC-55]
	}
	return f.set(content.Reveal())
}

// Warn adds a warning: the setting is allowed but not advised.
func (c *Config) Warn(format string, args ...any) {
	c.Warnings = append(c.Warnings, fmt.Sprintf(format, args...))
}
