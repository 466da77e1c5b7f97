package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/turnike/turnike/internal/session"
)

func TestPoolSet(t *testing.T) {
	s := newShell(t)
	if out := s.must("", "pool", "set", "acme", "--limit", "5"); out != "pool acme has a limit of 5, 0 used\n" {
		t.Errorf("%q", out)
	}
	s.must("", "pool", "set", "acme", "--presence", "none") // leaves the limit
	s.must("", "pool", "set", "default", "--limit", "0")
	golden(t, "pool_list.txt", s.must("", "pool", "list"))
	golden(t, "pool_list.json", s.must("", "pool", "list", "--json"))
	for _, test := range []struct {
		words []string
		args  []string
	}{
		{[]string{"there is no pool defalt", "did you mean default?", "--create"}, []string{"defalt", "--limit", "1"}},
		{[]string{"there is no pool acne", "did you mean acme?"}, []string{"acne", "--presence", "none"}},
		{[]string{"there is no pool beta", "--limit"}, []string{"beta", "--presence", "none"}},
		{[]string{"invalid pool name"}, []string{"Beta", "--limit", "1"}},
		{[]string{"--limit", "-1"}, []string{"beta", "--limit=-1"}},
		{[]string{"--limit", "1000001"}, []string{"beta", "--limit", "1000001"}},
		{[]string{"--max-sessions"}, []string{"acme", "--max-sessions", "1001"}},
	} {
		s.fails(exitFailed, test.words, "", append([]string{"pool", "set"}, test.args...)...)
	}
}

// TestS8_LowerLimit kicks nobody, and says how many are over it.
func TestS8_LowerLimit(t *testing.T) {
	s := newShell(t)
	s.add("ali", "veli")
	store, core := s.open()
	for i, name := range []string{"ali", "veli"} {
		opened := s.login(store, core, name)
		if err := core.Register(t.Context(), session.ByUser(opened.User), session.Registration{User: opened.User, Session: opened.ID, Conn: fmt.Sprint(i)}); err != nil {
			t.Fatal(err)
		}
	}
	if out := s.must("", "pool", "set", "default", "--limit", "1"); out != "pool default has a limit of 1, with 1 user over it (no session is ended)\n" {
		t.Errorf("%q", out)
	}
	if rows := s.sessions(); len(rows) != 2 || rows[0]["seat"] != "held" || rows[1]["seat"] != "held" {
		t.Errorf("%v", rows)
	}
}

// TestPoolDelete: a pool goes when no account is in it, and its name is free
// again.
func TestPoolDelete(t *testing.T) {
	s := newShell(t)
	s.must("", "pool", "set", "defalt", "--limit", "1", "--create")
	s.must("", "pool", "set", "acme", "--limit", "5")
	s.add("ayse")
	s.must("", "user", "set", "ayse", "--pool", "acme")
	s.fails(exitFailed, []string{"pool acme has 1 account", "user set NAME --pool"}, "", "pool", "delete", "acme")
	s.fails(exitFailed, []string{"default cannot be deleted"}, "", "pool", "delete", "default")
	s.fails(exitFailed, []string{"there is no pool"}, "", "pool", "delete", "nowhere")
	s.must("", "user", "delete", "ayse")
	if out := s.must("", "pool", "delete", "acme"); out != "pool acme deleted\n" {
		t.Errorf("%q", out)
	}
	s.must("", "pool", "delete", "defalt")
	s.fails(exitFailed, []string{"there is no pool"}, "", "user", "add", "ali", "--pool", "acme", "--password-stdin")
	if out := s.must("", "pool", "list"); strings.Contains(out, "acme") || strings.Contains(out, "#") {
		t.Errorf("%s", out)
	}
	s.must("", "pool", "set", "acme", "--limit", "2") // another one of that name
	if out := s.must("", "pool", "list"); !strings.Contains(out, "acme     2      database") {
		t.Errorf("%s", out)
	}
}

// TestLimitInForce: lists and check say where a limit comes from, and when the
// configuration says something else.
func TestLimitInForce(t *testing.T) {
	s := newShell(t)
	s.add("ayse")
	if out := s.must("", "pool", "list"); !strings.Contains(out, "default  3      configuration") || strings.Contains(out, "not used") {
		t.Errorf("%s", out)
	}
	s.must("", "pool", "set", "default", "--limit", "7")
	for _, args := range [][]string{{"pool", "list"}, {"check"}} {
		r := s.run("", args...)
		if said := r.out + r.errout; r.code != exitDone || !strings.Contains(said, "the limit of pool default is 7, set in the database") || !strings.Contains(said, "seat.limit = 3 is not used") {
			t.Errorf("%v: %+v", args, r)
		}
	}
}
