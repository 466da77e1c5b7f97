package harness

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"time"
)

// Patience is the timeout of everything that a test waits for. It is not a requirement:
// it only keeps a failed test from hanging.
const Patience = 2 * time.Minute

// Suite holds the data that all tests of one run share.
type Suite struct {
	Binary string // the product, built like the tests
	dir    string // temporary files
	seed   string // a data directory with accounts, copied for each server
}

// suite is set once by Main, before any test runs, and only read afterwards.
var suite *Suite

// Main builds the binary, prepares a data directory to start from, runs the tests and
// removes everything. A process that Client started becomes a client instead.
func Main(m *testing.M) int {
	if spec := os.Getenv(clientVariable); spec != "" {
		return clientMain(spec)
	}
	dir, err := os.MkdirTemp("", "turnike-e2e-")
	if err != nil {
		return fail(err)
	}
	defer func() { _ = os.RemoveAll(dir) }() // a leftover in the temporary directory
	s := &Suite{Binary: filepath.Join(dir, "turnike"), dir: dir, seed: filepath.Join(dir, "seed")}
	if err := s.build(); err != nil {
		return fail(err)
	}
	if err := s.prepare(); err != nil {
		return fail(err)
	}
	suite = s
	// Most tests mainly wait for timeouts of the product.
	flag.Parse()
	if f := flag.Lookup("test.parallel"); f.Value.String() == fmt.Sprint(runtime.GOMAXPROCS(0)) {
		if err := f.Value.Set(fmt.Sprint(3 * runtime.GOMAXPROCS(0))); err != nil {
			return fail(err)
		}
	}
	return m.Run()
}

// Binary returns the path of the built binary.
func Binary() string { return suite.Binary }

func fail(err error) int {
	fmt.Fprintln(os.Stderr, "e2e:", err)
	return 1
}

// build compiles the product, with the race detector if the tests use it.
func (s *Suite) build() error {
	args := []string{"build", "-o", s.Binary}
	if raceDetector {
		args = append(args, "-race")
	}
	cmd := exec.Command("go", append(args, "github.com/turnike/turnike/cmd/turnike")...)
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("go build: %w", err)
	}
	return nil
}
