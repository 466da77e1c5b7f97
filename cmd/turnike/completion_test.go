package main

import (
	"strings"
	"testing"
)

// TestCompletion: what is offered while a word is typed, names of accounts and
// pools included.
func TestCompletion(t *testing.T) {
	s := newShell(t)
	s.must("", "pool", "set", "acme", "--limit", "5")
	s.add("ayse", "veli")
	for _, test := range []struct {
		typed string // the last word is being typed
		want  string // one of what is offered; "" for nothing at all
		not   string
	}{
		{"", "serve", "list"},
		{"us", "user", "serve"},
		{"user ", "import", "end"},
		{"--data DATA user ", "passwd", "end"},
		{"user add --", "--password-stdin", "--reason"},
		{"session end ", "--reason", "issue"},
		{"session end --user ", "ayse", "--reason"},
		{"session end --user v", "veli", "ayse"},
		{"session issue ayse ", "veli", "acme"},
		{"session end --user ayse --r", "--reason", "ayse"},
		{"user passwd ", "ayse", "acme"},
		{"user passwd ayse ", "--password-stdin", "ayse"},
		{"user set ayse --pool ", "acme", "ayse"},
		{"user add mehmet --role ", "admin", "--role"},
		{"pool set default --policy ", "deny", "names"},
		{"pool delete ", "acme", "ayse"},
		{"session end --reason ", "", ""},
		{"completion ", "zsh", "serve"},
		{"no such thing ", "--data", "list"},
	} {
		words := strings.Split(strings.ReplaceAll(test.typed, "DATA", s.data), " ")
		offered := "\n"
		for line := range strings.Lines(s.complete(words...)) {
			text, _, _ := strings.Cut(line, "\t")
			offered += text + "\n"
		}
		if test.want == "" && offered != "\n" || test.want != "" && !strings.Contains(offered, "\n"+test.want+"\n") ||
			test.not != "" && strings.Contains(offered, "\n"+test.not+"\n") {
			t.Errorf("%q: offered %q", test.typed, strings.Fields(offered))
		}
	}
	s.data = t.TempDir() // nothing to read names from
	if out := s.complete("session", "end", "--user", ""); out != "" {
		t.Errorf("%q", out)
	}
}

// complete asks as the scripts do, with the data directory in the environment.
func (s *shell) complete(words ...string) string {
	s.t.Helper()
	var out, errout strings.Builder
	env := append([]string{"TURNIKE_DATA=" + s.data}, s.env...)
	if code := run(s.t.Context(), append([]string{completeWord}, words...), env, strings.NewReader(""), &out, &errout); code != exitDone || errout.Len() > 0 {
		s.t.Fatalf("%v: exit code %d\n%s", words, code, errout.String())
	}
	return out.String()
}
