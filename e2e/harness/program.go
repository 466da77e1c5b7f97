package harness

import (
	"os"
	"os/exec"
	"testing"
)

// Program returns the path of a program from a Debian package. If it is not installed,
// the test is skipped, but fails in CI.
func Program(t testing.TB, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		path = "/usr/sbin/" + name // not on every user's PATH
		_, err = os.Stat(path)
	}
	switch {
	case err == nil:
	case os.Getenv("CI") != "":
		t.Fatalf("%s is not installed: %v", name, err)
	default:
		t.Skipf("%s is not installed", name)
	}
	return path
}
