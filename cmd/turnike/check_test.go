package main

import (
	"os"
	"strings"
	"testing"
)

// TestCheckCommand: the answer of `turnike check`, and its exit code.
func TestCheckCommand(t *testing.T) {
	s := newShell(t)
	s.env = []string{"TURNIKE_SEAT_GRACE=5s", "JWT_SECRET_KEY=" + signingSecret, "HOME=/root"}
	r := s.run("", "check", "--config", "testdata/off.toml", "--seat-limit", "50")
	if r.code != exitDone || !strings.HasPrefix(r.errout, "turnike: advice: token.secret") {
		t.Errorf("%+v", r)
	}
	golden(t, "check.toml", r.out)
	s.fails(exitFailed, []string{"seat.limit (--seat-limit)", "1000000"}, "", "check", "--seat-limit", "0")
	s.fails(exitFailed, []string{"configuration file", "no such file", "--config"}, "", "check", "--config", "nowhere.toml")
	s.fails(exitFailed, []string{"tls.cert_file", "no such file"}, "", "check", "--config", "testdata/files.toml")
	if _, err := os.Stat(s.data); !os.IsNotExist(err) {
		t.Errorf("check made a data directory: %v", err)
	}
}
