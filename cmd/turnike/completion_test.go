package main

import (
	"os/exec"
	"strings"
	"testing"
)

// TestCompletionBash asks a real bash what it offers.
func TestCompletionBash(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Fatal(err)
	}
	script := newShell(t).must("", "completion", "bash")
	for _, test := range []struct {
		typed string // the last word is being typed
		want  string // one of what is offered
		not   string
	}{
		{"turnike ", "serve", "list"},
		{"turnike us", "user", "serve"},
		{"turnike user ", "import", "end"},
		{"turnike --data /tmp user ", "passwd", "end"},
		{"turnike user add --", "--password-stdin", "--reason"},
		{"turnike session end ", "--reason", "issue"},
		{"turnike completion ", "zsh", "serve"},
	} {
		words := strings.Split(test.typed, " ")
		ask := script + "\nCOMP_WORDS=(" + strings.Join(words, " ") + ")\nCOMP_CWORD=$1\n_turnike\nprintf '%s\\n' \"${COMPREPLY[@]}\"\n"
		if words[len(words)-1] == "" {
			ask = strings.Replace(ask, " )\nCOMP_CWORD", " '')\nCOMP_CWORD", 1)
		}
		out, err := exec.CommandContext(t.Context(), bash, "-c", ask, "bash", string(rune('0'+len(words)-1))).CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		offered := "\n" + string(out)
		if !strings.Contains(offered, "\n"+test.want+"\n") || strings.Contains(offered, "\n"+test.not+"\n") {
			t.Errorf("%q: offered %q", test.typed, strings.Fields(offered))
		}
	}
}

// TestCompletionScripts: those of the other shells are made of the same grammar.
func TestCompletionScripts(t *testing.T) {
	s := newShell(t)
	golden(t, "completion.zsh", s.must("", "completion", "zsh"))
	golden(t, "completion.fish", s.must("", "completion", "fish"))
	if got := fishQuote(`it's \ here`); got != `'it\'s \\ here'` {
		t.Errorf("%s", got)
	}
}
