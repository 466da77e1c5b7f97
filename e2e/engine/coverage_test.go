package engine_test

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	tagInCode  = regexp.MustCompile(`\[((?:eio4|sio5):[a-z0-9-]+)\]`)
	quoted     = regexp.MustCompile("`([^`]+)`")
	testInCode = regexp.MustCompile(`(?m)^func ((?:Test|Example)\w+)\(`)
)

// sources reads the Go files of a package, tests or the others.
func sources(t *testing.T, dir string, tests bool) map[string]string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join("..", "..", dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	files := make(map[string]string)
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") != tests {
			continue
		}
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files[filepath.Base(name)] = string(data)
	}
	return files
}

// docs/protocol-coverage.md is correct: every tag is where it says, there are no other
// tags, and its tests exist.
func TestCoverage(t *testing.T) {
	page, err := os.ReadFile("../../docs/protocol-coverage.md")
	if err != nil {
		t.Fatal(err)
	}
	tests := make(map[string]bool)
	for _, dir := range []string{"engineio", "socketio", "e2e/engine"} {
		for _, text := range sources(t, dir, true) {
			for _, m := range testInCode.FindAllStringSubmatch(text, -1) {
				tests[m[1]] = true
			}
		}
	}
	type place struct{ tag, file string }
	code := make(map[place]bool)
	dirs := map[string]string{"eio4": "engineio", "sio5": "socketio"}
	for _, dir := range dirs {
		for file, text := range sources(t, dir, false) {
			for _, m := range tagInCode.FindAllStringSubmatch(text, -1) {
				kind, _, _ := strings.Cut(m[1], ":")
				if dirs[kind] != dir {
					t.Errorf("%s/%s has the tag %s", dir, file, m[1])
				}
				code[place{m[1], file}] = true
			}
		}
	}
	listed := make(map[place]bool)
	rows := 0
	for line := range strings.Lines(string(page)) {
		cells := strings.Split(line, "|")
		if len(cells) != 6 || !strings.Contains(cells[2], "`") {
			continue
		}
		rows++
		tag := quoted.FindStringSubmatch(cells[2])[1]
		files, names := quoted.FindAllStringSubmatch(cells[3], -1), quoted.FindAllStringSubmatch(cells[4], -1)
		if len(files) == 0 || len(names) == 0 {
			t.Errorf("%s: no file or no test", tag)
		}
		for _, f := range files {
			at := place{tag, f[1]}
			if listed[at] {
				t.Errorf("%s is listed twice for %s", tag, f[1])
			}
			listed[at] = true
			if !code[at] {
				t.Errorf("%s is not in %s", tag, f[1])
			}
		}
		for _, n := range names {
			if !tests[n[1]] {
				t.Errorf("%s: there is no %s", tag, n[1])
			}
		}
	}
	for at := range code {
		if !listed[at] {
			t.Errorf("%s in %s is not on the page", at.tag, at.file)
		}
	}
	for _, m := range quoted.FindAllStringSubmatch(string(page), -1) {
		if strings.HasPrefix(m[1], "Test") && !strings.HasSuffix(m[1], "…") && !tests[m[1]] {
			t.Errorf("there is no %s", m[1])
		}
	}
	if rows < 55 {
		t.Errorf("%d rows only: %v", rows, slices.Collect(maps.Keys(listed)))
	}
}
