package config

import (
	"fmt"
	"slices"
)

// Description is a configuration without its secrets, as a running server leaves
// it for commands.
type Description struct {
	Values  map[string]string `json:"config"`            // by key, as the environment would write them
	Secrets []string          `json:"secrets,omitempty"` // keys of the secrets that are set
}

// Describe returns the description of c.
func (c Config) Describe() Description {
	d := Description{Values: map[string]string{}}
	for _, f := range c.fields() {
		switch {
		case f.kind != kindSecret:
			d.Values[f.key] = f.get()
		case f.get() != "":
			d.Secrets = append(d.Secrets, f.key)
		}
	}
	return d
}

// layer returns the values as a source of settings. It leaves out keys that this
// version does not know.
func (d Description) layer(fields []field) layer {
	out := layer{}
	for _, f := range fields {
		if value, ok := d.Values[f.key]; ok && f.kind != kindSecret {
			out[f.key] = setting{origin: "the running server", text: value}
		}
	}
	return out
}

// Agrees returns an error if a secret is set in c and not in the running server, or
// the other way round: what a command writes with it would be useless to the server.
func (d Description) Agrees(c Config, key string) error {
	for _, f := range c.fields() {
		if f.key != key {
			continue
		}
		switch has := slices.Contains(d.Secrets, key); {
		case has && f.get() == "":
			return fmt.Errorf("%s: the running server has one and this command has none; give the command the same one, as %s_FILE or in --config", key, f.env())
		case !has && f.get() != "":
			return fmt.Errorf("%s: this command has one and the running server has none; unset it", key)
		}
	}
	return nil
}
