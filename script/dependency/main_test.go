package main

import "testing"

func TestAcceptable(t *testing.T) {
	for expression, want := range map[string]bool{"MIT": true, "": false, "GPL-3.0-only": false, "(MIT OR GPL-2.0)": true, "MIT AND ISC": true,
		"MIT AND GPL-2.0": false, "SEE LICENSE IN LICENSE": false} {
		if acceptable(expression) != want {
			t.Errorf("%q: %v", expression, !want)
		}
	}
}
