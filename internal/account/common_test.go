package account

import (
	"slices"
	"strings"
	"testing"
)

// TestCommonList holds the list to the form that the search relies on.
func TestCommonList(t *testing.T) {
	if !strings.HasPrefix(common, "\n") || !strings.HasSuffix(common, "\n") {
		t.Fatal("a line end is missing at an end")
	}
	lines := strings.Split(strings.Trim(common, "\n"), "\n")
	if len(lines) < 3000 {
		t.Errorf("only %d lines", len(lines))
	}
	if !slices.IsSorted(lines) || len(slices.Compact(slices.Clone(lines))) != len(lines) {
		t.Error("not sorted, or a line is there twice")
	}
	for _, line := range lines {
		if Canonical(line) != line || len(line) < 4 {
			t.Errorf("%q cannot be found", line)
		}
	}
}

func TestUnit(t *testing.T) {
	for s, want := range map[string]string{"": "", "a": "a", "aa": "a", "abab": "ab", "aba": "aba", "şşş": "ş", "şışı": "şı", "abcab": "abcab"} {
		if got := unit(s); got != want {
			t.Errorf("unit(%q) = %q, want %q", s, got, want)
		}
	}
}

func TestCore(t *testing.T) {
	for s, want := range map[string][2]string{"": {"", ""}, "12": {"", "12"}, "12ab!3": {"ab", "12!3"}, "a1b": {"a1b", ""}, "ş.": {"ş", "."}} {
		if word, padding := core(s); word != want[0] || padding != want[1] {
			t.Errorf("core(%q) = %q, %q", s, word, padding)
		}
	}
}

func TestSurprises(t *testing.T) {
	for s, want := range map[string]int{"": 0, "a": 1, "aaaa": 1, "123456789012": 1, "abc321": 2, "1q2w3e": 2, "x7kq": 4, "qwertz": 1} {
		if got := surprises(s); got != want {
			t.Errorf("surprises(%q) = %d, want %d", s, got, want)
		}
	}
}
