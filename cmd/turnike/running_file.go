package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
)

// runningFile, in the data directory, describes the server that runs there.
const runningFile = "running.json"

// runningServer is what a running server leaves for commands: how to reach it,
// and the configuration that it runs with. So a command acts by the same rules
// however the server was configured. It holds no secrets; Secrets names those
// that the server has and that a command has to be given as well.
type runningServer struct {
	PID     int               `json:"pid"`
	URL     string            `json:"url"`
	Version string            `json:"version"`
	Started string            `json:"started"`
	Config  map[string]string `json:"config"` // by key, as the environment would write it
	Secrets []string          `json:"secrets,omitempty"`
}

// describe fills in the configuration.
func (s *runningServer) describe(c Config) {
	s.Config = map[string]string{}
	for _, f := range c.fields() {
		switch {
		case f.kind != kindSecret:
			s.Config[f.key] = f.get()
		case f.get() != "":
			s.Secrets = append(s.Secrets, f.key)
		}
	}
}

// write leaves the description in the data directory, whole or not at all.
func (s runningServer) write(data string) error {
	b, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	name := filepath.Join(data, runningFile)
	if err := os.WriteFile(name+".new", append(b, '\n'), 0o600); err != nil {
		return err
	}
	return os.Rename(name+".new", name)
}

// errNotRunning says that no server runs on the data directory.
var errNotRunning = errors.New("no server runs on the data directory")

// readRunning returns the description of the server that runs on the data
// directory. Error: errNotRunning, also while the server is still starting.
func readRunning(data string) (runningServer, error) {
	var s runningServer
	pid, running := serverPID(data)
	if !running {
		return s, fmt.Errorf("%w %s", errNotRunning, data)
	}
	b, err := os.ReadFile(filepath.Join(data, runningFile))
	if errors.Is(err, fs.ErrNotExist) {
		return s, fmt.Errorf("%w %s yet: the one with process id %d is starting", errNotRunning, data, pid)
	}
	if err == nil {
		err = json.Unmarshal(b, &s)
	}
	if err != nil {
		return s, fmt.Errorf("%s: %w; restart the server to write it again", filepath.Join(data, runningFile), err)
	}
	if s.PID != pid { // left behind by a server that was killed
		return s, fmt.Errorf("%w %s yet: the one with process id %d is starting", errNotRunning, data, pid)
	}
	return s, nil
}

// layer is the running server's configuration as a source of settings. Keys
// that this version does not know are left out.
func (s runningServer) layer(fields []field) layer {
	out := layer{}
	for _, f := range fields {
		if value, ok := s.Config[f.key]; ok && f.kind != kindSecret {
			out[f.key] = setting{origin: "the running server", text: value}
		}
	}
	return out
}

// agrees refuses a command that uses a secret and has another idea of it than
// the running server: what it writes would be of no use to the server.
func (s runningServer) agrees(c Config, key string) error {
	for _, f := range c.fields() {
		if f.key != key {
			continue
		}
		switch has := slices.Contains(s.Secrets, key); {
		case has && f.get() == "":
			return fmt.Errorf("%s: the running server has one and this command has none; give the command the same one, as %s_FILE or in --config", key, f.env())
		case !has && f.get() != "":
			return fmt.Errorf("%s: this command has one and the running server has none; unset it", key)
		}
	}
	return nil
}

// address is where this machine reaches the server.
func (s runningServer) address() (*url.URL, error) {
	u, err := url.Parse(s.URL)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, fmt.Errorf("%s: %q is not the address of a server; restart the server to write it again", runningFile, s.URL)
	}
	return u, nil
}
