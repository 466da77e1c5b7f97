package main

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// terminal opens a pseudo terminal: what is written to keys is typed.
func terminal(t *testing.T) (keys, tty *os.File) {
	t.Helper()
	keys, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = keys.Close() })
	fd := int(keys.Fd())
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	tty, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tty.Close() })
	return keys, tty
}

// TestAsk: on a terminal the password is asked for twice.
func TestAsk(t *testing.T) {
	s := newShell(t)
	for _, test := range []struct {
		typed string
		code  int
		want  string
	}{
		{password + "\n" + password + "\n", exitDone, "Password for ali: \nThe same again: \n"},
		{password + "\nanother " + password + "\n", exitFailed, "differ"},
	} {
		keys, tty := terminal(t)
		if _, err := keys.WriteString(test.typed); err != nil {
			t.Fatal(err)
		}
		r := s.runFrom(tty, "user", "add", "ali")
		if r.code != test.code || !strings.Contains(r.errout, test.want) {
			t.Errorf("%+v", r)
		}
		if test.code == exitDone {
			s.must("", "user", "delete", "ali")
		}
	}
}
