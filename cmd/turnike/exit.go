package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/turnike/turnike/internal/session"
)

// Exit codes.
const (
	exitDone   = 0
	exitFailed = 1 // refused or failed
	exitUsage  = 2 // the command line is wrong
)

// usageError reports a wrong command line.
type usageError struct{ message string }

func (e usageError) Error() string { return e.message }

// report prints an error as one line and returns the exit code.
func report(stderr io.Writer, err error) int {
	if err == nil {
		return exitDone
	}
	message, code := err.Error(), exitFailed
	switch {
	case errors.As(err, new(usageError)):
		message, code = message+"; see turnike --help", exitUsage
	case errors.Is(err, context.Canceled):
		message = "interrupted"
	case errors.Is(err, session.ErrUnavailable):
		message = "the database cannot take the change now; try again: " + message
	}
	// If stderr is closed, the exit code still reports the failure.
	_, _ = fmt.Fprintf(stderr, "%s %s\n", terminalStyle(stderr).red("turnike:"), strings.Join(strings.Fields(message), " "))
	return code
}
