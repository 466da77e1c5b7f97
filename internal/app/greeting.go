package app

import (
	"fmt"
	"io"
	"strings"
)

// greeting is what a person reads on stdout when the server is ready: the first
// accounts, a hint about the certificate, the next command, and as the last line the
// address. It is written in one piece, after the log lines of the start.
type greeting struct {
	opts          Options
	data          string
	ownCA         bool // browsers do not trust the certificate yet
	accounts      []newAccount
	accountsShown bool // the accounts
}

// writeReady writes the greeting. Its last line ends with the address.
func (g *greeting) writeReady(address string) {
	var b strings.Builder
	g.listAccounts(&b)
	if len(g.accounts) > 0 {
		if g.ownCA {
			fmt.Fprintf(&b, "Your browser will warn about the certificate. To trust it on this machine: %s\n", g.command("trust"))
		}
		if !g.opts.Dev {
			fmt.Fprintf(&b, "To add a user: %s\n", g.command("user add NAME"))
		}
	}
	fmt.Fprintf(&b, "Turnike is ready: %s\n", address)
	_, _ = io.WriteString(g.opts.Stdout, b.String()) // stdout may be closed
}

// writeAccounts writes only the accounts, unless the greeting has shown them. It is
// for a start that failed, because the passwords are shown only once.
func (g *greeting) writeAccounts() {
	var b strings.Builder
	g.listAccounts(&b)
	_, _ = io.WriteString(g.opts.Stdout, b.String())
}

func (g *greeting) listAccounts(b *strings.Builder) {
	if len(g.accounts) == 0 || g.accountsShown {
		return
	}
	g.accountsShown = true
	if g.opts.Dev {
		fmt.Fprintln(b, "Demo accounts, with their passwords:")
	} else {
		fmt.Fprintln(b, "The first account, with its password. It is shown only this once:")
	}
	for _, a := range g.accounts {
		fmt.Fprintf(b, "  %-8s %s\n", a.name, a.password)
	}
	fmt.Fprintln(b)
}

// command returns a command line to copy, for the same program and data directory.
func (g *greeting) command(words string) string {
	return fmt.Sprintf("%s %s --data %s", shellWord(g.opts.Program), words, shellWord(g.data))
}

// shellWord quotes a word for a shell if necessary.
func shellWord(s string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("/._-+:@%,=", r)
	}
	if s != "" && strings.IndexFunc(s, func(r rune) bool { return !plain(r) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
