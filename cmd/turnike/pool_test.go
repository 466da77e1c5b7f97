package main

import (
	"fmt"
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
		if err := core.Register(t.Context(), session.Registration{User: opened.User, Session: opened.ID, Conn: fmt.Sprint(i)}); err != nil {
			t.Fatal(err)
		}
	}
	if out := s.must("", "pool", "set", "default", "--limit", "1"); out != "pool default has a limit of 1, 1 over it are inside and stay\n" {
		t.Errorf("%q", out)
	}
	if rows := s.sessions(); len(rows) != 2 || rows[0]["seat"] != "held" || rows[1]["seat"] != "held" {
		t.Errorf("%v", rows)
	}
}
