package app

import (
	"testing"

	"github.com/turnike/turnike/internal/config"
)

// TestMailHello: the name in EHLO is the configured one, else the one that users
// type, else the host's.
func TestMailHello(t *testing.T) {
	for _, test := range []struct{ hello, public, want string }{
		{"mx.example.com", "https://turnike.example.com", "mx.example.com"},
		{"", "https://turnike.example.com:8443", "turnike.example.com"},
		{"", "https://192.0.2.1", "[192.0.2.1]"},
		{"", "https://[2001:db8::1]", "[IPv6:2001:db8::1]"},
		{"", "", machine()},
	} {
		var c config.Config
		c.Mail.Hello, c.Server.PublicURL = test.hello, test.public
		if got := mailHello(c); got != test.want {
			t.Errorf("%+v: %s", test, got)
		}
	}
}
