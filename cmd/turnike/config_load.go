package main

import (
	"fmt"

	"github.com/turnike/turnike/internal/secret/secretfile"
)

// sources are where a configuration comes from.
type sources struct {
	data  string      // the data directory
	file  string      // "" for none
	env   environment // the whole environment
	flags layer       // those that were given

	running *runningServer // nil for none
}

// setting is one value on its way to its field.
type setting struct {
	origin string // as a message names it
	typed  any    // what the file says
	text   string // what the environment or a flag says
	path   bool   // text is the name of a file with the secret
}

// layer has the settings of one source by key.
type layer map[string]setting

// loadConfig reads the sources: a flag wins over the environment, that over the
// file, that over the default. A running server's configuration wins over the
// environment and the file. Secrets also come from the credentials of the unit,
// which stand alone. Its error is one line that names the key and the
// mend.
func loadConfig(src sources) (Config, error) {
	c := Config{Data: src.data, origins: map[string]string{}}
	fields := c.fields()
	file, err := c.fileLayer(src.file, fields)
	if err != nil {
		return Config{}, err
	}
	env, err := c.envLayer(src.env, fields)
	if err != nil {
		return Config{}, err
	}
	unit, err := credentialLayer(src.env, fields)
	if err != nil {
		return Config{}, err
	}
	if err := unit.disjoint(env, file); err != nil {
		return Config{}, err
	}
	running := layer{}
	if src.running != nil {
		running = src.running.layer(fields)
	}
	for _, f := range fields {
		if err := c.take(f, src.flags, running, env, file, unit); err != nil {
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
		c.warn("%s: others can use %s, chmod 600 it", f.key, s.text) // [SEC-55]
	}
	return f.set(content.Reveal())
}

// warn notes what is allowed but not advised.
func (c *Config) warn(format string, args ...any) {
	c.Warnings = append(c.Warnings, fmt.Sprintf(format, args...))
}
