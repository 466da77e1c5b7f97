package app

import (
	"strings"
	"testing"
)

// TestGreeting: a person who starts the server for the first time reads who can
// log in, what to do about the certificate, the next command, and as the last
// line where to click.
func TestGreeting(t *testing.T) {
	var out strings.Builder
	g := greeting{opts: Options{Stdout: &out, Program: "bin/turnike"}, data: "./my data", ownCA: true, accounts: []newAccount{{"admin", "PASSWORD"}}}
	g.writeReady("https://localhost:5000")
	g.writeAccounts() // told already
	want := `The first account, with its password. It is shown only this once:
  admin    PASSWORD

Your browser will warn about the certificate. To trust it on this machine: bin/turnike trust --data './my data'
To add a user: bin/turnike user add NAME --data './my data'
Turnike is ready: https://localhost:5000
`
	if out.String() != want {
		t.Errorf("%s", out.String())
	}
	out.Reset()
	later := greeting{opts: Options{Stdout: &out}, ownCA: true}
	later.writeReady("https://localhost:5000")
	if out.String() != "Turnike is ready: https://localhost:5000\n" {
		t.Errorf("a later start: %s", out.String())
	}
}
