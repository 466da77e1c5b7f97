package main

import (
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/term"

	"github.com/turnike/turnike/internal/logging"
)

// flushPatience is how long an ending server waits for readers of its last lines,
// and printPatience how long a line on stdout waits for the log lines before it.
const (
	flushPatience = 2 * time.Second
	printPatience = 200 * time.Millisecond
)

// output is where a server prints and logs. Neither waits for a reader [I5].
type output struct {
	stdout, stderr *logging.Queue
	terminal       bool // stderr is one
}

// newOutput takes over what a server prints to. After it only a crash of the
// process writes to stderr directly.
func newOutput(stdout, stderr io.Writer) *output {
	signal.Ignore(syscall.SIGPIPE) // a reader that has ended ends no server
	f, isFile := stderr.(*os.File)
	o := &output{terminal: isFile && term.IsTerminal(int(f.Fd()))}
	if isFile && f == os.Stderr {
		stderr = ownStderr()
	}
	o.stdout, o.stderr = logging.NewQueue(stdout, logging.MaxQueued), logging.NewQueue(stderr, logging.MaxQueued)
	return o
}

// Write prints on stdout, after what is logged so far and before what is logged
// later, as long as somebody reads both.
func (o *output) Write(text []byte) (int, error) {
	o.stderr.Flush(printPatience)
	n, err := o.stdout.Write(text)
	o.stdout.Flush(printPatience)
	return n, err
}

// close writes what is left, as far as somebody reads it.
func (o *output) close() {
	o.stdout.Close(flushPatience)
	o.stderr.Close(flushPatience)
}
