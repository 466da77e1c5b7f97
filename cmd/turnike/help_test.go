package main

import (
	"strings"
	"testing"
)

// TestHelpOfGroups: a group of commands without a command, and the word help, print what
// there is.
func TestHelpOfGroups(t *testing.T) {
	s := newShell(t)
	for _, test := range []struct {
		args []string
		code int
		want string
	}{
		{nil, exitUsage, "Usage: turnike <command>"},
		{[]string{"help"}, exitDone, "Usage: turnike <command>"},
		{[]string{"user"}, exitUsage, "user passwd"},
		{[]string{"help", "user"}, exitDone, "user passwd"},
		{[]string{"help", "user", "add"}, exitDone, "--password-stdin"},
		{[]string{"--version"}, exitDone, "turnike "},
	} {
		if r := s.run("", test.args...); r.code != test.code || (r.errout != "") != (test.code == exitUsage) || !strings.Contains(r.out, test.want) {
			t.Errorf("%v: %+v", test.args, r)
		}
	}
	s.fails(exitUsage, []string{"lists"}, "", "user", "lists")
	s.fails(exitUsage, []string{"--user"}, "", "session", "end")
}

// TestConfirm: only yes goes on.
func TestConfirm(t *testing.T) {
	for answer, want := range map[string]error{"y\n": nil, "YES\n": nil, "\n": errDeclined, "no\n": errDeclined, "": errDeclined, "yy\n": errDeclined} {
		var out strings.Builder
		if err := ask(strings.NewReader(answer), &out, "Delete it?"); err != want || out.String() != "Delete it? [y/N] " {
			t.Errorf("%q: %v, %q", answer, err, out.String())
		}
	}
}
