package config

import (
	"fmt"

	"github.com/turnike/turnike/internal/secret/secretfile"
)

// Sources are where a configuration comes from.
type Sources struct {
	Data  string      // the data directory
	File  string      // "" for none
	Env   Environment // the whole environment
	Flags Flags       // those that were given

	Running *Description // of the running server; nil for none
}

// Flags are the flags that stand for keys and were given, by key.
type Flags map[string]Flag

// Flag is a flag of the command line.
type Flag struct{ Name, Value string }

// setting is one value on its way to its field.
type setting struct {
	origin string // as a message names it
	typed  any    // what the file says
	text   string // what the environment or a flag says
	path   bool   // text is the name of a file with the secret
}

// layer has the settings of one source by key.
type layer map[string]setting

// Load reads the sources: a flag wins over the environment, that over the
// file, that over the default. A running server's configuration wins over the
// environment and the file. Secrets also come from the credentials of the unit,
// which stand alone. Its error is one line that names the key and the
// mend.
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

// take gives a field its value out of the first layer that has one.
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

// apply gives a field the value of a setting.
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

// Warn notes what is allowed but not advised.
func (c *Config) Warn(format string, args ...any) {
	c.Warnings = append(c.Warnings, fmt.Sprintf(format, args...))
}
