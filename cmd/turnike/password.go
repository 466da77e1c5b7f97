package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/turnike/turnike/internal/account"
	"github.com/turnike/turnike/internal/app"
	"github.com/turnike/turnike/internal/config"
	"github.com/turnike/turnike/internal/secret"
)

// passwordFlags say where a new password comes from. It never comes from the
// arguments, which every user of the machine can read.
type passwordFlags struct {
	PasswordStdin bool `help:"Read the password from the first line of stdin."`
}

// hash reads a new password for the account, checks it and hashes it.
func (f passwordFlags) hash(ctx context.Context, inv *invocation, cfg config.Config, username string) (string, error) {
	policy, err := account.NewPolicy(cfg.Password.MinLength)
	if err != nil {
		return "", err
	}
	hasher, err := app.NewHasher(cfg)
	if err != nil {
		return "", err
	}
	password, err := f.read(inv, username)
	if err != nil {
		return "", err
	}
	if err := policy.Check(password.Reveal(), username); err != nil {
		return "", err
	}
	return hasher.Hash(ctx, password.Reveal())
}

func (f passwordFlags) read(inv *invocation, username string) (secret.Secret, error) {
	if f.PasswordStdin {
		return firstLine(inv.stdin)
	}
	if in, ok := inv.stdin.(*os.File); ok && term.IsTerminal(int(in.Fd())) {
		return askPassword(in, inv.stderr, username)
	}
	return secret.Secret{}, errors.New("there is no terminal to ask for the password; give it on stdin with --password-stdin")
}

// firstLine reads a password from the first line, without the line end.
func firstLine(r io.Reader) (secret.Secret, error) {
	// Two bytes more than the longest password: enough to see that it is too long.
	line, err := bufio.NewReader(io.LimitReader(r, account.MaxPasswordBytes+2)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return secret.Secret{}, fmt.Errorf("cannot read the password: %w", err)
	}
	line = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
	if line == "" {
		return secret.Secret{}, errors.New("there is no password on the first line of stdin")
	}
	return secret.New(line), nil
}

// askPassword asks for the password twice on a terminal, without showing it.
func askPassword(in *os.File, out io.Writer, username string) (secret.Secret, error) {
	var answers [2]string
	for i, prompt := range []string{"Password for " + username, "The same again"} {
		if _, err := fmt.Fprintf(out, "%s: ", prompt); err != nil {
			return secret.Secret{}, err
		}
		typed, err := term.ReadPassword(int(in.Fd()))
		if err != nil {
			return secret.Secret{}, fmt.Errorf("cannot read the password: %w", err)
		}
		if _, err := fmt.Fprintln(out); err != nil {
			return secret.Secret{}, err
		}
		answers[i] = string(typed)
	}
	if answers[0] != answers[1] {
		return secret.Secret{}, errors.New("the two passwords differ; try again")
	}
	return secret.New(answers[0]), nil
}
