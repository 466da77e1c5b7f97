package app

import (
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/term"

	"github.com/turnike/turnike/internal/logging"
)

// flushPatience is how long a stopping server waits until its last lines are read.
// printPatience is how long a line on stdout waits for the log lines before it.
const (
	flushPatience = 2 * time.Second
	printPatience = 200 * time.Millisecond
)

// Output is where a server prints and logs. Neither waits for its reader [I5].
type Output struct {
	stdout, Stderr *logging.Queue
	Terminal       bool // stderr is one
}

// NewOutput returns queues in front of stdout and stderr. Afterwards only a crash of
// the process writes to stderr directly.
func NewOutput(stdout, stderr io.Writer) *Output {
	signal.Ignore(syscall.SIGPIPE) // a reader that goes away must not end the server
	f, isFile := stderr.(*os.File)
	o := &Output{Terminal: isFile && term.IsTerminal(int(f.Fd()))}
	if isFile && f == os.Stderr {
		stderr = ownStderr()
	}
	o.stdout, o.Stderr = logging.NewQueue(stdout, logging.MaxQueued), logging.NewQueue(stderr, logging.MaxQueued)
	return o
}

// Write prints on stdout, in order with the log lines as long as both are read.
func (o *Output) Write(text []byte) (int, error) {
	o.Stderr.Flush(printPatience)
	n, err := o.stdout.Write(text)
	o.stdout.Flush(printPatience)
	return n, err
}

// Close writes what is left, as long as it is read.
func (o *Output) Close() {
	o.stdout.Close(flushPatience)
	o.Stderr.Close(flushPatience)
}
