package main

import (
	"io"
	"strings"

	"github.com/alecthomas/kong"
)

// completionCommand prints a completion script.
type completionCommand struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"bash, zsh or fish."`
}

// Run prints the script, made of the grammar.
func (c *completionCommand) Run(a *app) error {
	write := map[string]func(io.Writer, []completion) error{
		"bash": bashCompletion, "zsh": zshCompletion, "fish": fishCompletion}[c.Shell]
	return write(a.stdout, completions(a.parsed.Model.Node, ""))
}

// completion is what can follow a command.
type completion struct {
	path  string // the command's words, "" for the program
	words []completionWord
}

// completionWord is a command, a flag or a value.
type completionWord struct {
	text, help string
	takesValue bool // a flag with something behind it
}

// list joins the texts of the words.
func (c completion) list() string {
	texts := make([]string, len(c.words))
	for i, w := range c.words {
		texts[i] = w.text
	}
	return strings.Join(texts, " ")
}

// completions walks through the grammar.
func completions(node *kong.Node, path string) []completion {
	own := completion{path: path}
	for _, child := range node.Children {
		own.words = append(own.words, completionWord{text: child.Name, help: child.Help})
	}
	for _, p := range node.Positional {
		if p.Enum == "" {
			continue
		}
		for _, value := range p.EnumSlice() {
			own.words = append(own.words, completionWord{text: value, help: p.Help})
		}
	}
	for _, group := range node.AllFlags(true) {
		for _, f := range group {
			own.words = append(own.words, completionWord{text: "--" + f.Name, help: f.Help, takesValue: !f.IsBool()})
		}
	}
	out := []completion{own}
	for _, child := range node.Children {
		out = append(out, completions(child, strings.TrimSpace(path+" "+child.Name))...)
	}
	return out
}
