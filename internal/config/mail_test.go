package config

import "testing"

// TestHelloName: only a host name or an address literal is accepted for EHLO.
func TestHelloName(t *testing.T) {
	for _, bad := range []string{"a b", "-a", "a.", "[1.2.3]", "[192.0.2.1", "büro"} {
		if _, err := helloName(bad); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}
