package main

import (
	"errors"
	"strings"
	"testing"

	"github.com/turnike/turnike/internal/account"
	"github.com/turnike/turnike/internal/session"
)

func TestUserAdd(t *testing.T) {
	s := newShell(t)
	if out := s.must(password+"\nnot read\n", "user", "add", "Şule", "--password-stdin"); out != "user Şule added to pool default\n" {
		t.Errorf("added: %q", out)
	}
	s.must("", "pool", "set", "acme", "--limit", "5")
	s.must(password, "user", "add", "--role", "admin", "--pool", "acme", "root", "--password-stdin")

	store, _ := s.open()
	u, err := store.UserByName(t.Context(), "şule")
	if err != nil || u.Role != account.RoleUser || !strings.HasPrefix(u.PasswordHash, "$argon2id$") {
		t.Errorf("Şule: %+v, %v", u, err)
	}
	hasher, err := account.NewHasher(account.HasherConfig{})
	if err != nil {
		t.Fatal(err)
	}
	if ok, _, err := hasher.Verify(t.Context(), u.PasswordHash, password); !ok || err != nil {
		t.Errorf("the password was not kept: %v, %v", ok, err)
	}

	for _, test := range []struct {
		words []string
		stdin string
		args  []string
	}{
		{[]string{"already", `"ŞULE"`}, password, []string{"ŞULE", "--password-stdin"}},
		{[]string{"no pool", "nowhere", "turnike pool set nowhere --create --limit N"}, password, []string{"ali", "--pool", "nowhere", "--password-stdin"}},
		{[]string{"invalid user name"}, password, []string{" ali", "--password-stdin"}},
		{[]string{"invalid user name"}, password, []string{"a\nli", "--password-stdin"}},
		{[]string{"too short", "12"}, "elevenchars\n", []string{"ali", "--password-stdin"}},
		{[]string{"too long", "1024"}, strings.Repeat("x", 1025), []string{"ali", "--password-stdin"}},
		{[]string{"made of a name"}, "Ali-ali-2026", []string{"Ali-ali", "--password-stdin"}},
		{[]string{"attackers"}, "password123456", []string{"ali", "--password-stdin"}},
		{[]string{"no password"}, "", []string{"ali", "--password-stdin"}},
		{[]string{"no password"}, "\nsecond line is not read", []string{"ali", "--password-stdin"}},
		{[]string{"no terminal", "--password-stdin"}, password, []string{"ali"}},
	} {
		s.fails(exitFailed, test.words, test.stdin, append([]string{"user", "add"}, test.args...)...)
	}
	if out := s.must("", "user", "list", "--json"); strings.Contains(out, "ali") {
		t.Errorf("a refused account is there: %s", out)
	}
}

// TestSEC55_PasswordNotShown: no message repeats what was typed.
func TestSEC55_PasswordNotShown(t *testing.T) {
	s := newShell(t)
	for _, typed := range []string{"canary7", strings.Repeat("canary7", 200), "canary7\x00"} {
		r := s.run(typed, "user", "add", "ali", "--password-stdin")
		if r.code != exitFailed || strings.Contains(r.out+r.errout, "canary7") {
			t.Errorf("%q: %+v", typed, r)
		}
	}
}

func TestUserList(t *testing.T) {
	s := newShell(t)
	s.must("", "pool", "set", "acme", "--limit", "5")
	if out := s.must("", "user", "list", "--json"); out != "[]\n" {
		t.Errorf("empty: %q", out)
	}
	s.add("Zeynep", "ali <a&b>")
	s.must("", "user", "set", "zeynep", "--role", "admin", "--pool", "acme")
	s.must("", "user", "disable", "ALI <A&B>")
	golden(t, "user_list.txt", s.must("", "user", "list"))
	golden(t, "user_list.json", s.must("", "user", "list", "--json"))
}

// TestA7_ChangesEndSessions: each change of an account ends its sessions with
// its code, and enabling does not.
func TestA7_ChangesEndSessions(t *testing.T) {
	s := newShell(t)
	s.add("ali")
	s.must("", "pool", "set", "acme", "--limit", "5")
	for _, test := range []struct {
		want  session.Code
		stdin string
		args  []string
	}{
		{session.PasswordChanged, "another " + password, []string{"passwd", "ali", "--password-stdin"}},
		{session.RoleChanged, "", []string{"set", "ali", "--role", "admin"}},
		{"", "", []string{"set", "ali", "--role", "admin"}}, // changes nothing
		{session.RoleChanged, "", []string{"set", "ali", "--pool", "acme"}},
		{"", "", []string{"enable", "ali"}},
		{session.AccountDisabled, "", []string{"disable", "ali"}},
	} {
		t.Run(strings.Join(test.args, " "), func(t *testing.T) {
			store, core := s.open()
			opened := s.login(store, core, "ali")
			s.must(test.stdin, append([]string{"user"}, test.args...)...)
			_, _, err := core.Session(t.Context(), opened.ID)
			ended, isEnded := errors.AsType[*session.EndedError](err)
			switch {
			case test.want == "" && err != nil:
				t.Errorf("ended: %v", err)
			case test.want != "" && (!isEnded || ended.Code != test.want):
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
	s.must("", "user", "enable", "ali")
	store, core := s.open()
	opened := s.login(store, core, "ali")
	s.must("", "user", "delete", "ALİ")
	if _, _, err := core.Session(t.Context(), opened.ID); err == nil {
		t.Error("a deleted account's session lives")
	}
	s.add("ali") // the name is free again
}

func TestUnknownUser(t *testing.T) {
	s := newShell(t)
	s.add("ali")
	for _, args := range [][]string{
		{"user", "set", "veli", "--role", "admin"}, {"user", "passwd", "veli", "--password-stdin"},
		{"user", "disable", "veli"}, {"user", "enable", "veli"}, {"user", "delete", "veli"},
		{"session", "end", "--user", "veli"}, {"session", "issue", "ali", "veli"},
	} {
		s.fails(exitFailed, []string{`there is no user "veli"`}, password, args...)
	}
	if out := s.must("", "session", "list", "--json"); out != "[]\n" {
		t.Errorf("a session was opened before all names were known: %s", out)
	}
	s.fails(exitFailed, []string{`no pool "x"`}, "", "user", "set", "ali", "--pool", "x")
}
