package main

import (
	"fmt"
	"io"
	"strings"
)

// shellCases writes the two case statements that bash and zsh share: which
// command the words so far are, and what can follow it.
func shellCases(all []completion) (commands, follow string) {
	var paths []string
	var b strings.Builder
	for _, c := range all {
		if c.path != "" {
			paths = append(paths, fmt.Sprintf("%q", c.path))
		}
		fmt.Fprintf(&b, "    %q) list=%q ;;\n", c.path, c.list())
	}
	return strings.Join(paths, "|"), b.String()
}

// bashCompletion completes file names where no word fits.
func bashCompletion(w io.Writer, all []completion) error {
	commands, follow := shellCases(all)
	_, err := fmt.Fprintf(w, `# bash completion for turnike: source <(turnike completion bash)
_turnike() {
  local word next command="" list=""
  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    next="${command:+$command }$word"
    case "$next" in
    %s) command="$next" ;;
    esac
  done
  case "$command" in
%s  esac
  COMPREPLY=($(compgen -W "$list" -- "${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _turnike turnike
`, commands, follow)
	return err
}

// zshCompletion works sourced and as the file _turnike in the fpath.
func zshCompletion(w io.Writer, all []completion) error {
	commands, follow := shellCases(all)
	_, err := fmt.Fprintf(w, `#compdef turnike
# zsh completion for turnike: source <(turnike completion zsh)
_turnike() {
  local word next command="" list=""
  for word in "${(@)words[2,CURRENT-1]}"; do
    next="${command:+$command }$word"
    case "$next" in
    %s) command="$next" ;;
    esac
  done
  case "$command" in
%s  esac
  compadd -- ${=list} || _files
}
if [ "${funcstack[1]}" = _turnike ]; then
  _turnike "$@"
else
  compdef _turnike turnike
fi
`, commands, follow)
	return err
}

// fishCompletion offers each word with what it means.
func fishCompletion(w io.Writer, all []completion) error {
	var paths []string
	for _, c := range all {
		if c.path != "" {
			paths = append(paths, fishQuote(c.path))
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, `# fish completion for turnike: turnike completion fish | source
function __turnike_at
  set -l command ''
  for word in (commandline -opc)[2..-1]
    set -l next (string trim -- "$command $word")
    contains -- $next %s; and set command $next
  end
  test "$command" = "$argv[1]"
end
complete -c turnike -n "not __turnike_at 'user import'" -f
`, strings.Join(paths, " "))
	for _, c := range all {
		for _, word := range c.words {
			fmt.Fprintf(&b, "complete -c turnike -n %s %s -d %s\n",
				fishQuote("__turnike_at "+fishQuote(c.path)), fishWord(word), fishQuote(word.help))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// fishWord writes a word as options of fish's complete; what a flag takes may be
// the name of a file.
func fishWord(w completionWord) string {
	name, isFlag := strings.CutPrefix(w.text, "--")
	switch {
	case !isFlag:
		return "-a " + fishQuote(w.text)
	case w.takesValue:
		return "-l " + name + " -r -F"
	}
	return "-l " + name
}

// fishQuote quotes for fish, where two things mean something within quotes.
func fishQuote(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'"
}
