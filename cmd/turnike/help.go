package main

import (
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// helpCommand lists help as a command; helpWanted handles it.
type helpCommand struct {
	Command []string `arg:"" optional:"" help:"The command."`
}

// Run is never reached: helpWanted turns the command into --help.
func (*helpCommand) Run() error { return nil }

// helpWanted turns `help user add` into `user add --help`.
func helpWanted(args []string) []string {
	if i := nextWord(args, 0); i < len(args) && args[i] == "help" {
		return append(slices.Delete(slices.Clone(args), i, i+1), "--help")
	}
	return args
}

// unfinished reports whether the command line names a group of commands but no
// command, as in `turnike user`.
func unfinished(grammar *kong.Node, args []string) bool {
	for i := nextWord(args, 0); i < len(args); i = nextWord(args, i+1) {
		if grammar = childNamed(grammar, args[i]); grammar == nil {
			return false
		}
	}
	return len(grammar.Children) > 0
}

// nextWord returns the index of the first argument from i that is neither --data nor
// --config nor the value of one of them.
func nextWord(args []string, i int) int {
	for ; i < len(args); i++ {
		name, _, hasValue := strings.Cut(args[i], "=")
		switch {
		case name != "--data" && name != "--config":
			return i
		case !hasValue:
			i++
		}
	}
	return i
}
