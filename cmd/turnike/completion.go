package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// completionCommand prints a completion script.
type completionCommand struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"bash, zsh or fish."`
}

// Run prints the script.
func (c *completionCommand) Run(inv *invocation) error {
	return inv.say("%s", completionScripts()[c.Shell])
}

// completeWord is the first argument when a completion script asks for candidates.
// The words typed so far follow; the last one is unfinished.
const completeWord = "__complete"

// candidate is a possible completion of the last word.
type candidate struct{ text, help string }

// completer finds candidates in the grammar. names lists existing accounts for the
// kind "users" and existing pools for "pools".
type completer struct {
	names func(kind string) []string
}

// candidates returns the words that can replace the last word: they fit after the
// words before it and begin with it.
func (c completer) candidates(node *kong.Node, words []string) []candidate {
	typed := words[len(words)-1]
	positional := 0
	var open *kong.Flag // the flag whose value comes next
	for _, word := range words[:len(words)-1] {
		switch child := childNamed(node, word); {
		case open != nil:
			open = nil
		case strings.HasPrefix(word, "-"):
			name, _, hasValue := strings.Cut(strings.TrimLeft(word, "-"), "=")
			if f := flagNamed(node, name); f != nil && !hasValue && !f.IsBool() {
				open = f
			}
		case child != nil:
			node = child
		default:
			positional++
		}
	}
	var all []candidate
	if open != nil {
		all = c.values(open.Value)
	} else {
		all = c.next(node, positional)
	}
	return slices.DeleteFunc(all, func(w candidate) bool {
		return !strings.HasPrefix(w.text, typed) || open == nil && typed == "" && w.text == "--help"
	})
}

// next returns the commands, arguments and flags that can follow a node.
func (c completer) next(node *kong.Node, positional int) []candidate {
	var all []candidate
	for _, child := range node.Children {
		all = append(all, candidate{child.Name, child.Help})
	}
	if n := len(node.Positional); n > 0 {
		if last := node.Positional[n-1]; positional < n {
			all = append(all, c.values(node.Positional[positional])...)
		} else if last.IsSlice() {
			all = append(all, c.values(last)...)
		}
	}
	for _, group := range node.AllFlags(true) {
		for _, f := range group {
			all = append(all, candidate{"--" + f.Name, f.Help})
		}
	}
	return all
}

// values returns the values of an argument or a flag: the words of its enum, or the
// names of the kind in its tag `complete`.
func (c completer) values(v *kong.Value) []candidate {
	words := []string{}
	if v.Enum != "" {
		words = v.EnumSlice()
	} else if kind := v.Tag.Get("complete"); kind != "" {
		words = c.names(kind)
	}
	all := make([]candidate, len(words))
	for i, w := range words {
		all[i] = candidate{text: w}
	}
	return all
}

func childNamed(node *kong.Node, name string) *kong.Node {
	i := slices.IndexFunc(node.Children, func(n *kong.Node) bool { return n.Name == name })
	if i < 0 {
		return nil
	}
	return node.Children[i]
}

func flagNamed(node *kong.Node, name string) *kong.Flag {
	for _, group := range node.AllFlags(false) {
		for _, f := range group {
			if f.Name == name {
				return f
			}
		}
	}
	return nil
}

// complete prints the candidates, one per line, each with its help after a tab. If
// something fails, it prints fewer candidates: an error would disturb the typing.
func (inv *invocation) complete(ctx context.Context, grammar *kong.Node, words []string) error {
	if len(words) == 0 {
		return nil
	}
	for i, w := range words[:len(words)-1] {
		if w == "--data" {
			inv.data = words[i+1]
		} else if dir, ok := strings.CutPrefix(w, "--data="); ok {
			inv.data = dir
		}
	}
	c := completer{names: func(kind string) []string { return inv.existing(ctx, kind) }}
	for _, w := range c.candidates(grammar, words) {
		if _, err := fmt.Fprintf(inv.stdout, "%s\t%s\n", w.text, w.help); err != nil {
			return err
		}
	}
	return nil
}

// existing lists the names of accounts or pools. It returns none if the database
// cannot be read.
func (inv *invocation) existing(ctx context.Context, kind string) (names []string) {
	w, err := inv.open(ctx)
	if err != nil {
		return nil
	}
	defer w.close(&err)
	switch kind {
	case "users":
		users, _ := w.store.Users(ctx)
		for _, u := range users {
			names = append(names, u.Name)
		}
	case "pools":
		pools, _ := w.store.Pools(ctx)
		for _, p := range pools {
			names = append(names, p.Name)
		}
	}
	return names
}
