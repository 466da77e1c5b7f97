package main

import (
	"net"
	"regexp"
	"testing"
)

// TestSEC12_TheFirstPasswordIsNotLost: the account is made once, so its password
// is shown whatever else keeps the server from starting.
func TestSEC12_TheFirstPasswordIsNotLost(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for name, flags := range map[string][]string{"real": nil, "dev": {"--dev"}} {
		t.Run(name, func(t *testing.T) {
			s := newShell(t)
			serve := append([]string{"serve", "--tls-mode", "off", "--listen", taken.Addr().String()}, flags...)
			r := s.run("", serve...)
			if r.code != exitFailed || !regexp.MustCompile(`(?m)^  admin +\S{16,}$`).MatchString(r.out) {
				t.Errorf("exit code %d, stdout %q, stderr %q", r.code, r.out, r.errout)
			}
			if r = s.run("", serve...); r.code != exitFailed || (r.out == "") != (name == "real") {
				t.Errorf("again: exit code %d, stdout %q, stderr %q", r.code, r.out, r.errout)
			}
		})
	}
}
