package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/turnike/turnike/internal/input"
)

// Environment holds the variables by name.
type Environment map[string]string

// ParseEnvironment reads the result of os.Environ. If a name occurs twice, the first
// one counts, as in the C library.
func ParseEnvironment(env []string) Environment {
	out := Environment{}
	for _, entry := range env {
		name, value, _ := strings.Cut(entry, "=")
		if _, twice := out[name]; !twice {
			out[name] = value
		}
	}
	return out
}

// extras lists the variables that belong to no key.
func extras() []string {
	return []string{EnvData, EnvConfig, EnvBootstrapPassword}
}

// The variables that belong to no key.
const (
	EnvData              = "TURNIKE_DATA"
	EnvConfig            = "TURNIKE_CONFIG"
	EnvBootstrapPassword = "TURNIKE_BOOTSTRAP_PASSWORD_FILE"
)

// environmentLayer reads the variables of keys. An unknown variable that begins with
// TURNIKE_ is an error, and so is a key that two variables set. An empty variable
// counts as not set.
func (c *Config) environmentLayer(env Environment, fields []field) (layer, error) {
	out := layer{}
	known := extras()
	for _, f := range fields {
		for _, name := range []string{f.otherEnv, f.env()} {
			if name == "" {
				continue
			}
			variants := []setting{{origin: name}}
			if f.kind == kindSecret {
				variants = append(variants, setting{origin: name + "_FILE", path: true})
			}
			for _, s := range variants {
				known = append(known, s.origin)
				text, isSet := env[s.origin]
				if !isSet || (text == "" && !f.emptyIsValue) {
					continue
				}
				if other, twice := out[f.key]; twice {
					return nil, fmt.Errorf("%s: %s and %s are both set; keep one of them", f.key, other.origin, s.origin)
				}
				s.text = text
				out[f.key] = s
				if f.kind == kindSecret && !s.path {
					c.Warn("%s: others may be able to read %s, prefer %s_FILE", f.key, s.origin, s.origin) // [SEC-55]
				}
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(env)) {
		if !strings.HasPrefix(name, "TURNIKE_") || slices.Contains(known, name) {
			continue
		}
		name = strings.Trim(input.Quote(name), `"`)
		if near := input.Nearest(name, known); near != "" {
			return nil, fmt.Errorf("%s (environment): there is no such variable; did you mean %s?", name, near)
		}
		return nil, fmt.Errorf("%s (environment): there is no such variable; unset it", name)
	}
	return out, nil
}
