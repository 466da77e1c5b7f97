package harness

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// Result is the result of a command.
type Result struct {
	Code        int
	Out, Errout string
}

// Line returns the single line that a refused command writes to stderr.
func (r Result) Line(t testing.TB) string {
	t.Helper()
	line, rest, ok := strings.Cut(r.Errout, "\n")
	if !ok || rest != "" || strings.TrimSpace(line) == "" {
		t.Errorf("want one line on stderr, got %q", r.Errout)
	}
	return line
}

// Command is one run of the binary.
type Command struct {
	Args   []string
	Env    []string // in addition to a clean environment
	Stdin  string
	Stderr *os.File // in place of Result.Errout; may be nil
}

// Run runs the binary to its end.
func (c Command) Run(t testing.TB) Result {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), Patience)
	defer cancel()
	var out, errout bytes.Buffer
	cmd := exec.CommandContext(ctx, suite.Binary, c.Args...)
	cmd.Env = append(environment(), c.Env...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(c.Stdin), &out, &errout
	if c.Stderr != nil {
		cmd.Stderr = c.Stderr
	}
	err := cmd.Run()
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited {
		t.Fatalf("turnike %s: %v", strings.Join(c.Args, " "), err)
	}
	if ctx.Err() != nil {
		t.Fatalf("turnike %s: still running after %s\n%s%s", strings.Join(c.Args, " "), Patience, out.String(), errout.String())
	}
	noRace(t, errout.String())
	return Result{cmd.ProcessState.ExitCode(), out.String(), errout.String()}
}

// environment returns the variables that a command needs; it excludes the product's own
// variables.
func environment() []string {
	var env []string
	for _, name := range []string{"PATH", "HOME", "TMPDIR", "SystemRoot"} {
		if v, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+v)
		}
	}
	return append(env, "GORACE=halt_on_error=0 atexit_sleep_ms=0", "TURNIKE_PASSWORD_THREADS=1")
}

// noRace fails the test if the process under test reported a data race or a panic.
func noRace(t testing.TB, stderr string) {
	t.Helper()
	for _, bad := range []string{"WARNING: DATA RACE", "panic: ", "fatal error: "} {
		if strings.Contains(stderr, bad) {
			t.Errorf("the process under test said %q:\n%s", bad, stderr)
		}
	}
}

// CLI runs a command on the server's data directory, under its configuration.
func (s *Server) CLI(args ...string) Result {
	s.t.Helper()
	return s.CLIWith("", args...)
}

// CLIWith is CLI with a standard input.
func (s *Server) CLIWith(stdin string, args ...string) Result {
	s.t.Helper()
	return Command{Args: append(args, "--data", s.Data), Env: s.env, Stdin: stdin}.Run(s.t)
}

// Must runs a command that must succeed and returns its standard output.
func (s *Server) Must(args ...string) string {
	s.t.Helper()
	r := s.CLI(args...)
	if r.Code != 0 || r.Errout != "" {
		s.t.Fatalf("turnike %s: exit code %d\nstdout: %s\nstderr: %s", strings.Join(args, " "), r.Code, r.Out, r.Errout)
	}
	return r.Out
}

// SessionRow is one element of `session list --json`.
type SessionRow struct {
	ID         string  `json:"id"`
	Username   string  `json:"username"`
	Pool       string  `json:"pool"`
	Device     string  `json:"device"`
	Since      string  `json:"since"`
	LastActive string  `json:"last_active"`
	Connected  bool    `json:"connected"`
	Seat       *string `json:"seat"`
	ExpiresAt  string  `json:"expires_at"`
}

// UserRow is one element of `user list --json`.
type UserRow struct {
	Username string `json:"username"`
	Role     string `json:"role"`
	Pool     string `json:"pool"`
	Disabled bool   `json:"disabled"`
}

// PoolRow is one element of `pool list --json`.
type PoolRow struct {
	Name    string `json:"name"`
	Limit   int    `json:"limit"`
	Used    int    `json:"used"`
	Held    int    `json:"held"`
	Grace   int    `json:"grace"`
	Offered int    `json:"offered"`
}

// Sessions lists the live sessions.
func (s *Server) Sessions() []SessionRow {
	s.t.Helper()
	return list[SessionRow](s, "session")
}

// SessionOf returns the only live session of a user.
func (s *Server) SessionOf(username string) SessionRow {
	s.t.Helper()
	var found []SessionRow
	for _, row := range s.Sessions() {
		if row.Username == username {
			found = append(found, row)
		}
	}
	if len(found) != 1 {
		s.t.Fatalf("%s has %d live sessions, want one", username, len(found))
	}
	return found[0]
}

// Accounts lists the users.
func (s *Server) Accounts() []UserRow {
	s.t.Helper()
	return list[UserRow](s, "user")
}

// Pool returns one row of the list of pools.
func (s *Server) Pool(name string) PoolRow {
	s.t.Helper()
	for _, row := range list[PoolRow](s, "pool") {
		if row.Name == name {
			return row
		}
	}
	s.t.Fatalf("no pool %q", name)
	return PoolRow{}
}

// Used waits until the given number of seats of the pool default are used.
func (s *Server) Used(seats int) {
	s.t.Helper()
	Eventually(s.t, "seats", func() bool { return s.Pool("default").Used == seats })
}

func list[Row any](s *Server, what string) []Row {
	s.t.Helper()
	out := s.Must(what, "list", "--json")
	var rows []Row
	d := json.NewDecoder(strings.NewReader(out))
	d.DisallowUnknownFields()
	if err := d.Decode(&rows); err != nil {
		s.t.Fatalf("%s list --json: %v\n%s", what, err, out)
	}
	if rows == nil {
		s.t.Fatalf("%s list --json is null, want an array", what)
	}
	return rows
}

// Issue opens sessions without passwords and returns each user's token.
func (s *Server) Issue(names ...string) map[string]string {
	s.t.Helper()
	tokens := map[string]string{}
	for line := range strings.Lines(s.Must(append([]string{"session", "issue"}, names...)...)) {
		var row struct{ Username, Token string }
		if err := json.Unmarshal([]byte(line), &row); err != nil {
			s.t.Fatalf("session issue: %v in %q", err, line)
		}
		tokens[row.Username] = row.Token
	}
	return tokens
}
