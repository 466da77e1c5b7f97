package main

import (
	"bytes"
	"context"
	"flag"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/turnike/turnike/internal/app"
	"github.com/turnike/turnike/internal/session"
	"github.com/turnike/turnike/internal/store"
)

var update = flag.Bool("update", false, "write the golden files")

// shell runs commands on one data directory.
type shell struct {
	t    *testing.T
	data string
	env  []string
}

// newShell has a data directory that does not exist yet. Its hashes are the
// cheapest that are allowed.
func newShell(t *testing.T) *shell {
	return &shell{t: t, data: filepath.Join(t.TempDir(), "data"),
		env: []string{"TURNIKE_PASSWORD_MEMORY=7168", "TURNIKE_PASSWORD_TIME=5"}}
}

// result is what a command left.
type result struct {
	code        int
	out, errout string
}

// run runs a command with the given stdin.
func (s *shell) run(stdin string, args ...string) result {
	s.t.Helper()
	return s.runFrom(strings.NewReader(stdin), args...)
}

func (s *shell) runFrom(stdin io.Reader, args ...string) result {
	s.t.Helper()
	var out, errout bytes.Buffer
	code := run(s.t.Context(), append([]string{"--data", s.data}, args...), s.env, stdin, &out, &errout)
	return result{code, out.String(), errout.String()}
}

// must runs a command that has to work, and gives its output.
func (s *shell) must(stdin string, args ...string) string {
	s.t.Helper()
	r := s.run(stdin, args...)
	if r.code != exitDone || r.errout != "" {
		s.t.Fatalf("turnike %s: exit code %d\n%s%s", strings.Join(args, " "), r.code, r.out, r.errout)
	}
	return r.out
}

// fails runs a command that has to fail with the code and one line on stderr
// that contains every one of words, and nothing on stdout.
func (s *shell) fails(code int, words []string, stdin string, args ...string) {
	s.t.Helper()
	r := s.run(stdin, args...)
	line := strings.TrimSuffix(r.errout, "\n")
	if r.code != code || r.out != "" || line == "" || strings.Contains(line, "\n") {
		s.t.Fatalf("turnike %s: exit code %d, want %d and one line on stderr\nstdout: %s\nstderr: %s",
			strings.Join(args, " "), r.code, code, r.out, r.errout)
	}
	for _, word := range words {
		if !strings.Contains(line, word) {
			s.t.Errorf("turnike %s: stderr does not say %q: %s", strings.Join(args, " "), word, line)
		}
	}
}

// password is one that every policy likes.
const password = "seven green lamps at noon"

// signingSecret is a token.secret that HS256 accepts.
const signingSecret = "9d0c2f7a4b1e6358a7c4d9e2f0b1c3a5"

// add adds accounts.
func (s *shell) add(names ...string) {
	s.t.Helper()
	for _, name := range names {
		s.must(password+"\n", "user", "add", name, "--password-stdin")
	}
}

// open opens the store beside the commands.
func (s *shell) open() (store.Store, *session.Core) {
	s.t.Helper()
	log := slog.New(slog.DiscardHandler)
	store, err := app.OpenStore(context.Background(), s.data, log)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		if err := store.Close(); err != nil {
			s.t.Error(err)
		}
	})
	return store, session.New(store, session.DefaultRules(), log)
}

// login opens a session for an account, as the server does.
func (s *shell) login(from store.Store, core *session.Core, name string) session.Session {
	s.t.Helper()
	u, err := from.UserByName(s.t.Context(), name)
	if err != nil {
		s.t.Fatal(err)
	}
	opened, err := core.Login(s.t.Context(), session.ByUser(u.ID), session.Login{User: u.ID, CredVersion: u.CredVersion, Device: "Firefox, Linux"})
	if err != nil {
		s.t.Fatal(err)
	}
	return opened
}

// golden compares with a file of testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; got:\n%s", file, got)
	}
}

func TestUsage(t *testing.T) {
	s := newShell(t)
	for _, args := range [][]string{
		{"frobnicate"},
		{"--frobnicate"},
		{"user", "add"},
		{"user", "add", "ali", "veli"},
		{"user", "add", "ali", "--role", "root"},
		{"user", "set", "ali"},
		{"user", "set", "ali", "--role", "root"},
		{"session", "end"},
		{"session", "end", "some-id", "--user", "ali"},
		{"session", "issue"},
		{"session", "issue", "ali", "--all"},
		{"pool", "set", "default"},
		{"pool", "set", "default", "--limit", "many"},
		{"pool", "set", "default", "--policy", "reject"},
		{"pool", "set", "default", "--presence", "all"},
		{"completion", "tcsh"},
		{"completion"},
		{"backup"},
		{"restore"},
		{"restore", "one", "two"},
		{"session", "end", "--user", "ali", "--reason", "\xff"},
		{"user", "add", "al\xff"},
	} {
		s.fails(exitUsage, nil, "", args...)
	}
	if _, err := os.Stat(s.data); !os.IsNotExist(err) {
		t.Errorf("a command that makes no sense made a data directory: %v", err)
	}
}

func TestHelp(t *testing.T) {
	s := newShell(t)
	golden(t, "help.txt", s.must("", "--help"))
	golden(t, "help_session_end.txt", s.must("", "session", "end", "--help"))
}

// TestNoDataDirectory: a mistyped --data must not make a directory.
func TestNoDataDirectory(t *testing.T) {
	s := newShell(t)
	for _, args := range [][]string{
		{"user", "list"}, {"user", "set", "ali", "--role", "admin"}, {"user", "passwd", "ali"},
		{"user", "disable", "ali"}, {"user", "enable", "ali"}, {"user", "delete", "ali"},
		{"session", "list"}, {"session", "end", "id"}, {"session", "end", "--user", "ali"},
		{"session", "issue", "--all"}, {"pool", "list"},
	} {
		s.fails(exitFailed, []string{"there is no data directory at " + s.data, "--data"}, "", args...)
	}
	s.fails(exitFailed, []string{"no server runs"}, "", "healthcheck", "--config", "testdata/off.toml")
	if _, err := os.Stat(s.data); !os.IsNotExist(err) {
		t.Errorf("there is something now: %v", err)
	}
}

// TestGlobalFlags: --data and --config are accepted anywhere, and the flag wins
// over the environment.
func TestGlobalFlags(t *testing.T) {
	s := newShell(t)
	s.env = append(s.env, "TURNIKE_CONFIG=", "TURNIKE_BOOTSTRAP_PASSWORD_FILE=") // empty is not set
	s.add("ali")
	for _, args := range [][]string{
		{"--data", s.data, "user", "list"},
		{"user", "--data", s.data, "list"},
		{"user", "list", "--data=" + s.data, "--config", "testdata/off.toml"},
	} {
		var out, errout bytes.Buffer
		code := run(t.Context(), args, []string{"TURNIKE_DATA=/nowhere"}, strings.NewReader(""), &out, &errout)
		if code != exitDone || !strings.Contains(out.String(), "ali") {
			t.Errorf("%q: %d %s%s", args, code, out.String(), errout.String())
		}
	}
	var out, errout bytes.Buffer
	if code := run(t.Context(), []string{"user", "list"}, []string{"TURNIKE_DATA=" + s.data}, nil, &out, &errout); code != exitDone {
		t.Errorf("TURNIKE_DATA: %d %s", code, errout.String())
	}
	if code := run(t.Context(), []string{"user", "list", "--data", s.data}, []string{"TURNIKE_DATA=", "TURNIKE_CONFIG="}, nil, &out, &errout); code != exitDone {
		t.Errorf("an empty TURNIKE_DATA: %d %s", code, errout.String())
	}
}

func TestVersion(t *testing.T) {
	if out := newShell(t).must("", "version"); !strings.HasPrefix(out, "turnike ") || !strings.Contains(out, "go1.") {
		t.Errorf("version: %q", out)
	}
}
