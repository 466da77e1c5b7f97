package main

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/turnike/turnike/internal/app"
	"github.com/turnike/turnike/internal/config"
	"github.com/turnike/turnike/internal/session"
	"github.com/turnike/turnike/internal/wire"
)

// serving is what of a server the commands can see: the lock on the directory,
// and that it applies what others commit.
func (s *shell) serving(apply func([]session.Event)) {
	s.t.Helper()
	lock, err := app.LockData(s.data)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		if err := lock.Close(); err != nil {
			s.t.Error(err)
		}
	})
	store, _ := s.open()
	if err := store.Listen("node", apply); err != nil {
		s.t.Fatal(err)
	}
}

// sessions gives what `session list --json` lists.
func (s *shell) sessions() []map[string]any {
	s.t.Helper()
	var rows []map[string]any
	if err := json.Unmarshal([]byte(s.must("", "session", "list", "--json")), &rows); err != nil {
		s.t.Fatal(err)
	}
	return rows
}

func TestSessionList(t *testing.T) {
	s := newShell(t)
	s.add("ali", "veli")
	store, core := s.open()
	ali, veli := s.login(store, core, "ali"), s.login(store, core, "veli")
	err := core.Register(t.Context(), session.ByUser(ali.User), session.Registration{User: ali.User, Session: ali.ID, Conn: "conn-1"})
	if err != nil {
		t.Fatal(err)
	}
	rows := s.sessions()
	if len(rows) != 2 {
		t.Fatalf("%v", rows)
	}
	for i, want := range []map[string]any{
		{"id": ali.ID, "username": "ali", "pool": "default", "device": "Firefox, Linux", "since": wire.Timestamp(ali.Created),
			"connected": false, "seat": "held", "expires_at": wire.Timestamp(ali.Expires)},
		{"id": veli.ID, "username": "veli", "pool": "default", "device": "Firefox, Linux", "since": wire.Timestamp(veli.Created),
			"last_active": wire.Timestamp(veli.Created), "connected": false, "seat": nil, "expires_at": wire.Timestamp(veli.Expires)},
	} {
		if len(rows[i]) != 9 {
			t.Errorf("fields: %v", rows[i])
		}
		for key, value := range want {
			if got, there := rows[i][key]; got != value || !there {
				t.Errorf("%s: %s = %v, want %v", want["username"], key, got, value)
			}
		}
	}
	s.serving(func([]session.Event) {})
	if rows := s.sessions(); rows[0]["connected"] != true || rows[1]["connected"] != false {
		t.Errorf("with a server: %v", rows)
	}
	table := s.must("", "session", "list")
	if lines := strings.Split(strings.TrimSpace(table), "\n"); len(lines) != 3 ||
		lines[0] != "ID                          USERNAME  POOL     SEAT  SINCE  ACTIVE" || !strings.Contains(lines[1], "  held  ") || !strings.Contains(lines[2], "  -     ") {
		t.Errorf("table:\n%s", table)
	}
	table = s.must("", "session", "list", "--wide")
	if lines := strings.Split(strings.TrimSpace(table), "\n"); len(lines) != 3 ||
		!strings.HasPrefix(lines[0], "ID ") || !strings.Contains(lines[1], "  yes        held  ") || !strings.Contains(lines[2], "  no         -     ") {
		t.Errorf("table:\n%s", table)
	}
}

func TestSessionEnd(t *testing.T) {
	s := newShell(t)
	s.add("ali", "veli")
	store, core := s.open()
	ali, veli := s.login(store, core, "ali"), s.login(store, core, "veli")

	if out := s.must("", "session", "end", ali.ID, "--reason", "Bakım: <b>5 dk</b>"); out != "session "+ali.ID+" of ali ended\n" {
		t.Errorf("%q", out)
	}
	_, _, err := core.Session(t.Context(), ali.ID)
	ended, ok := errors.AsType[*session.EndedError](err)
	if !ok || ended.Code != session.EndedByAdmin || ended.Reason != "Bakım: <b>5 dk</b>" {
		t.Errorf("ended: %+v", err)
	}
	s.fails(exitFailed, []string{"has ended already: ended_by_admin at 20", ali.ID}, "", "session", "end", ali.ID)
	s.fails(exitFailed, []string{"there is no session", "nobody"}, "", "session", "end", "nobody")

	for reason, word := range map[string]string{
		strings.Repeat("ş", 257): "257 characters", "two\nlines": "U+000A", "\x1b[2J": "U+001B", "turn\u202eabout": "U+202E"} {
		s.fails(exitFailed, []string{"--reason", word}, "", "session", "end", "--user", "veli", "--reason", reason)
	}
	if _, _, err := core.Session(t.Context(), veli.ID); err != nil {
		t.Errorf("ended by a refused command: %v", err)
	}
	if out := s.must("", "session", "end", "--user", "VELİ", "--reason", strings.Repeat("ş", 256)); out != "1 session of veli ended\n" {
		t.Errorf("%q", out)
	}
	if out := s.must("", "session", "end", "--user", "veli"); out != "0 sessions of veli ended\n" {
		t.Errorf("%q", out)
	}
}

// TestI2_CommandWaits: when the command returns, the running server has been
// handed what it must not serve any more.
func TestI2_CommandWaits(t *testing.T) {
	s := newShell(t)
	s.add("ali")
	applied := make(chan session.Event, 100) // more than there are events here
	s.serving(func(events []session.Event) {
		for _, e := range events {
			applied <- e
		}
	})
	wasApplied := func(kind session.EventType, id string) bool {
		for {
			select {
			case e := <-applied:
				if e.Type == kind && e.Session == id {
					return true
				}
			default:
				return false
			}
		}
	}
	store, core := s.open()
	for _, args := range [][]string{
		{"session", "end", "ID"}, {"session", "end", "--user", "ali"}, {"session", "issue", "ali"},
		{"user", "set", "ali", "--role", "admin"}, {"user", "disable", "ali"}, {"user", "delete", "ali"},
	} {
		s.must("", "user", "enable", "ali")
		opened := s.login(store, core, "ali")
		for i := range args {
			args[i] = strings.Replace(args[i], "ID", opened.ID, 1)
		}
		s.must("", args...)
		if !wasApplied(session.SessionEnded, opened.ID) {
			t.Errorf("%q returned before the server knew", args)
		}
	}
	s.must("", "pool", "set", "default", "--limit", "7")
	if !wasApplied(session.PoolChanged, "") {
		t.Error("pool set returned before the server knew")
	}
}

// TestNotConfirmed: a server that does not answer within a second is said to.
func TestNotConfirmed(t *testing.T) {
	s := newShell(t)
	s.add("ali")
	store, core := s.open()
	opened := s.login(store, core, "ali")
	lock, err := app.LockData(s.data) // it runs, and applies nothing
	if err != nil {
		t.Fatal(err)
	}
	s.fails(exitFailed, []string{"committed, not yet confirmed"}, "", "session", "end", opened.ID)
	if err := lock.Close(); err != nil {
		t.Fatal(err)
	}
	s.fails(exitFailed, []string{"ended already"}, "", "session", "end", opened.ID)
}

func TestSessionIssue(t *testing.T) {
	s := newShell(t)
	s.add("ali", "veli", "deniz")
	s.must("", "user", "set", "deniz", "--role", "admin")
	s.must("", "user", "disable", "veli")
	store, core := s.open()
	old := s.login(store, core, "ali")

	check := func(out string, names ...string) {
		t.Helper()
		cfg, err := config.Load(config.Sources{Data: s.data, Env: config.ParseEnvironment(s.env)})
		if err != nil {
			t.Fatal(err)
		}
		keys, err := app.OpenKeyring(cfg, store.Instance())
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSpace(out), "\n")
		if len(lines) != len(names) {
			t.Fatalf("%d lines:\n%s", len(lines), out)
		}
		for i, line := range lines {
			var row map[string]string
			if err := json.Unmarshal([]byte(line), &row); err != nil || len(row) != 2 || row["username"] != names[i] {
				t.Fatalf("%s: %v", line, err)
			}
			claims, err := keys.Verify(row["token"], time.Now())
			if err != nil || claims.Username != names[i] || claims.Pool != "default" {
				t.Errorf("%+v, %v", claims, err)
			}
			if got, u, err := core.Session(t.Context(), claims.Session); err != nil || !got.Issued || u.ID != claims.Subject || string(u.Role) != claims.Role {
				t.Errorf("%+v, %v", got, err)
			}
		}
	}
	check(s.must("", "session", "issue", "ALI", "deniz"), "ali", "deniz")
	if _, _, err := core.Session(t.Context(), old.ID); err == nil {
		t.Error("the old session of ali lives [A3]")
	}
	check(s.must("", "session", "issue", "--all"), "ali", "deniz")
	s.fails(exitFailed, []string{"veli", "disabled", "user enable"}, "", "session", "issue", "veli")
	s.fails(exitFailed, []string{"ali", "twice"}, "", "session", "issue", "ali", "ALI")

	s.env = append(s.env, "JWT_SECRET_KEY="+signingSecret)
	check(s.must("", "session", "issue", "ali"), "ali")
}

// TestS2_IssueIntoFullPool: what could be opened is printed, what could not is
// said.
func TestS2_IssueIntoFullPool(t *testing.T) {
	s := newShell(t)
	s.add("ali", "veli")
	s.must("", "pool", "set", "default", "--limit", "1", "--login", "seat")
	r := s.run("", "session", "issue", "ali", "veli")
	if r.code != exitFailed || strings.Count(r.out, "\n") != 1 || !strings.Contains(r.errout, "pool default is full, 1 of 1") {
		t.Errorf("%+v", r)
	}
}

// TestInterrupted: a command that is interrupted says so.
func TestInterrupted(t *testing.T) {
	s := newShell(t)
	s.add("ali")
	ctx, stop := context.WithCancel(t.Context())
	stop()
	var out, errout strings.Builder
	code := run(ctx, []string{"--data", s.data, "user", "disable", "ali"}, nil, strings.NewReader(""), &out, &errout)
	if code != exitFailed || errout.String() != "turnike: interrupted\n" {
		t.Errorf("%d %q", code, errout.String())
	}
}

// TestI6_CommandsAlone: a command's change is there for the next one, without a
// server and without a clean end of anything.
func TestI6_CommandsAlone(t *testing.T) {
	s := newShell(t)
	s.must("", "pool", "set", "acme", "--limit", "2", "--presence", "count", "--max-sessions", "2", "--policy", "replace")
	store, err := app.OpenStore(t.Context(), s.data, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	p, err := store.PoolByName(t.Context(), "acme")
	if err != nil || p.Limit != 2 || !p.LimitSet || p.Presence != session.VisibilityCount || p.MaxSessions != 2 || p.Policy != session.PolicyReplace {
		t.Errorf("%+v, %v", p, err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(s.data); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}
