package app

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"

	"github.com/turnike/turnike/internal/config"
)

// RunningFile is the file in the data directory that describes the running server.
const RunningFile = "running.json"

// RunningServer is what a running server leaves for commands: its address and its
// configuration, so that a command follows the same rules however the server was
// configured. It has no secrets, only the keys of those that are set, because a
// command must be given the same ones.
type RunningServer struct {
	PID     int    `json:"pid"`
	URL     string `json:"url"`
	Version string `json:"version"`
	Started string `json:"started"`

	config.Description
}

// Write writes the running file, completely or not at all.
func (s RunningServer) Write(data string) error {
	b, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	name := filepath.Join(data, RunningFile)
	if err := os.WriteFile(name+".new", append(b, '\n'), 0o600); err != nil {
		return err
	}
	return os.Rename(name+".new", name)
}

// ErrNotRunning reports that no server runs on the data directory.
var ErrNotRunning = errors.New("no server runs on the data directory")

// ReadRunning returns the description of the server that runs on the data
// directory. Error: errNotRunning, also while the server is still starting.
func ReadRunning(data string) (RunningServer, error) {
	var s RunningServer
	pid, running := ServerPID(data)
	if !running {
		return s, fmt.Errorf("%w %s", ErrNotRunning, data)
	}
	b, err := os.ReadFile(filepath.Join(data, RunningFile))
	if errors.Is(err, fs.ErrNotExist) {
		return s, fmt.Errorf("%w %s yet: the one with process id %d is starting", ErrNotRunning, data, pid)
	}
	if err == nil {
		err = json.Unmarshal(b, &s)
	}
	if err != nil {
		return s, fmt.Errorf("%s: %w; restart the server to write it again", filepath.Join(data, RunningFile), err)
	}
	if s.PID != pid { // left behind by a server that was killed
		return s, fmt.Errorf("%w %s yet: the one with process id %d is starting", ErrNotRunning, data, pid)
	}
	return s, nil
}

// address returns the URL at which this machine reaches the server.
func (s RunningServer) address() (*url.URL, error) {
	u, err := url.Parse(s.URL)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, fmt.Errorf("%s: %q is not the address of a server; restart the server to write it again", RunningFile, s.URL)
	}
	return u, nil
}
