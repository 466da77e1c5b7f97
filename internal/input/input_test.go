package input

import "testing"

func TestNearest(t *testing.T) {
	for typed, want := range map[string]string{"seat.grce": "seat.grace", "seat.grace": "seat.grace", "saet.grace": "seat.grace", "nothing.like": "", "": ""} {
		if got := Nearest(typed, []string{"seat.limit", "seat.grace"}); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", typed, got, want)
		}
	}
}

// TestMistyped: one typing mistake is recognised; names that differ in a number
// or in their last letter are different names.
func TestMistyped(t *testing.T) {
	pools := []string{"default", "acme", "team-a", "tenant1", "eu"}
	for typed, want := range map[string]string{
		"defalt": "default", "defualt": "default", "deffault": "default", "dafault": "default", "defaul": "default", "acne": "acme",
		"default": "", "team-b": "", "tenant2": "", "acmes": "", "us": "", "e": "", "staff": "", "team-a2": "",
	} {
		if got := Mistyped(typed, pools); got != want {
			t.Errorf("%s: %q, want %q", typed, got, want)
		}
	}
}

// TestSEC57_TableIsInert: a device that names itself with control characters
// does not write to the operator's terminal.
func TestSEC57_TableIsInert(t *testing.T) {
	if got := Printable("a\x1b[31m\nb\u202e"); got != "a\uFFFD[31m\uFFFDb\uFFFD" {
		t.Errorf("%q", got)
	}
}
