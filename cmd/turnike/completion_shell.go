package main

// completionScripts returns the scripts by shell. They ask the program for
// candidates, and offer file names if it has none.
func completionScripts() map[string]string {
	return map[string]string{
		"bash": `# bash completion for turnike: source <(turnike completion bash)
_turnike() {
  local IFS=$'\n'
  COMPREPLY=($("${COMP_WORDS[0]}" ` + completeWord + ` "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null | cut -f1))
}
complete -o default -F _turnike turnike`,

		"zsh": `#compdef turnike
# zsh completion for turnike: source <(turnike completion zsh)
_turnike() {
  local line
  local -a found
  for line in "${(@f)$("${words[1]}" ` + completeWord + ` "${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    [ -n "$line" ] && found+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
  done
  if [ ${#found} -gt 0 ]; then
    _describe turnike found
  else
    _files
  fi
}
if [ "${funcstack[1]}" = _turnike ]; then
  _turnike "$@"
else
  compdef _turnike turnike
fi`,

		"fish": `# fish completion for turnike: turnike completion fish | source
function __turnike_complete
  set -l words (commandline -opc) (commandline -ct)
  set -l found ($words[1] ` + completeWord + ` $words[2..-1] 2>/dev/null)
  if test (count $found) -gt 0
    string join \n -- $found
  else
    __fish_complete_path (commandline -ct)
  end
end
complete -c turnike -f -a '(__turnike_complete)'`,
	}
}
