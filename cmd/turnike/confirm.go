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

// errDeclined reports that the question was not answered with yes.
var errDeclined = errors.New("nothing was changed")

// confirm asks a question on a terminal and returns errDeclined unless the answer is
// "y" or "yes". If standard input is no terminal, as in a script, it does not ask.
func (inv *invocation) confirm(question string) error {
	in, ok := inv.stdin.(*os.File)
	if !ok || !term.IsTerminal(int(in.Fd())) {
		return nil
	}
	return ask(in, inv.stderr, question)
}

// ask prints the question and reads the answer.
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
