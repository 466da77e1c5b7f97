package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/turnike/turnike/internal/input"
)

// envCredentials names the directory of a systemd unit's credentials
// (systemd.exec(5), LoadCredential=): files that only the unit can read and that
// systemd removes when the unit stops.
const envCredentials = "CREDENTIALS_DIRECTORY"

// credentialPrefix marks the credentials that are for this server.
const credentialPrefix = "turnike."

// credentialBootstrap is the credential of TURNIKE_BOOTSTRAP_PASSWORD_FILE.
const credentialBootstrap = credentialPrefix + "bootstrap_password"

// credentialLayer reads secrets from the unit's credentials: turnike.token.secret
// holds the key token.secret. A credential for an unknown key is an error.
func credentialLayer(env Environment, fields []field) (layer, error) {
	out := layer{}
	names, err := credentials(env)
	if err != nil {
		return nil, err
	}
	known := []string{credentialBootstrap}
	for _, f := range fields {
		if f.kind == kindSecret {
			name := credentialPrefix + f.key
			known = append(known, name)
			if slices.Contains(names, name) {
				out[f.key] = setting{origin: "credential " + name, text: filepath.Join(env[envCredentials], name), path: true}
			}
		}
	}
	for _, name := range names {
		if !slices.Contains(known, name) {
			name = strings.Trim(input.Quote(name), `"`)
			if near := input.Nearest(name, known); near != "" {
				return nil, fmt.Errorf("%s (credential): there is no such secret; did you mean %s?", name, near)
			}
			return nil, fmt.Errorf("%s (credential): there is no such secret; remove it from the unit", name)
		}
	}
	return out, nil
}

// credentials lists the names of this server's credentials.
func credentials(env Environment) ([]string, error) {
	dir := env[envCredentials]
	if dir == "" {
		return nil, nil
	}
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil // inherited from another unit that has stopped
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w; let the unit load its credentials, or unset it", envCredentials, err)
	}
	var names []string
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), credentialPrefix) {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// disjoint returns an error if a key has both a credential and another source:
// later it would be unclear which one is used [SEC-55].
func (credentials layer) disjoint(others ...layer) error {
	for key, c := range credentials {
		for _, l := range others {
			if other, both := l[key]; both {
				return fmt.Errorf("%s: %s and %s are both set; keep one of them", key, other.origin, c.origin)
			}
		}
	}
	return nil
}

// BootstrapFile returns the file with the first administrator's password, or "".
// It is named by a variable or is a credential, not both.
func BootstrapFile(env Environment) (string, error) {
	names, err := credentials(env)
	if err != nil {
		return "", err
	}
	file := env[EnvBootstrapPassword]
	switch {
	case !slices.Contains(names, credentialBootstrap):
		return file, nil
	case file != "":
		return "", fmt.Errorf("%s and credential %s are both set; keep one of them", EnvBootstrapPassword, credentialBootstrap)
	}
	return filepath.Join(env[envCredentials], credentialBootstrap), nil
}
