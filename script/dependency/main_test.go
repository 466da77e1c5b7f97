package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

func TestAcceptable(t *testing.T) {
	for expression, want := range map[string]bool{"MIT": true, "": false, "GPL-3.0-only": false, "(MIT OR GPL-2.0)": true, "MIT AND ISC": true,
		"MIT AND GPL-2.0": false, "SEE LICENSE IN LICENSE": false} {
		if acceptable(expression) != want {
			t.Errorf("%q: %v", expression, !want)
		}
	}
}

// TestSEC66_Index: govulncheck finds an entry by each module that it names.
func TestSEC66_Index(t *testing.T) {
	var one, two advisory
	for text, a := range map[string]*advisory{
		`{"id":"GO-1","modified":"2026-01-02T00:00:00Z","aliases":["CVE-1"],"affected":[{"package":{"name":"stdlib"}},{"package":{"name":"stdlib"}}]}`: &one,
		`{"id":"GO-2","modified":"2026-03-04T00:00:00Z","affected":[{"package":{"name":"example.com/a"}},{"package":{"name":"stdlib"}}]}`:              &two,
	} {
		if err := json.Unmarshal([]byte(text), a); err != nil {
			t.Fatal(err)
		}
	}
	dir := t.TempDir()
	if err := index(dir, []advisory{one, two}); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"db": `{"modified":"2026-03-04T00:00:00Z"}`,
		"modules": `[{"path":"example.com/a","vulns":[{"id":"GO-2","modified":"2026-03-04T00:00:00Z"}]},` +
			`{"path":"stdlib","vulns":[{"id":"GO-1","modified":"2026-01-02T00:00:00Z"},{"id":"GO-2","modified":"2026-03-04T00:00:00Z"}]}]`,
		"vulns": `[{"id":"GO-1","modified":"2026-01-02T00:00:00Z","aliases":["CVE-1"]},{"id":"GO-2","modified":"2026-03-04T00:00:00Z"}]`,
	} {
		got, err := os.ReadFile(filepath.Join(dir, "index", name+".json"))
		if err != nil || string(got) != want {
			t.Errorf("%s: %s, %v, want %s", name, got, err, want)
		}
	}
}
