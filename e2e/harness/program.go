package harness

import (
	"os"
	"os/exec"
	"testing"
)

// Program is where a program of Debian's is. Without it the test is skipped, but
// never in CI, which installs what `make test` names.
func Program(t testing.TB, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		path = "/usr/sbin/" + name // not on everybody's PATH
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
