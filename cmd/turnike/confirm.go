package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// errDeclined says that the person at the terminal did not confirm.
var errDeclined = errors.New("nothing was changed")

// confirm asks a question on a terminal, where only "y" or "yes" goes on. A
// script, whose standard input is no terminal, is not asked.
func (inv *invocation) confirm(question string) error {
	in, ok := inv.stdin.(*os.File)
	if !ok || !term.IsTerminal(int(in.Fd())) {
		return nil
	}
	return ask(in, inv.stderr, question)
}

// Ask reads the answer. Error: errDeclined.
func ask(in io.Reader, out io.Writer, question string) error {
	if _, err := fmt.Fprintf(out, "%s [y/N] ", question); err != nil {
		return err
	}
	answer, err := bufio.NewReader(in).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes":
		return nil
	}
	return errDeclined
}
