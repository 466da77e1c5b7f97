package turnike_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The pages that define what a number means.
var definitions = map[string]*regexp.Regexp{
	"docs/rules.md":    regexp.MustCompile(`(?m)^\*\*((?:[A-Z]{1,2}|UI-)[0-9]+)\b`),
	"docs/security.md": regexp.MustCompile(`(?m)^\| (SEC-[0-9]+(?:, -[0-9]+)*) \|`),
}

// citation finds a number where code, tests and documents cite one: [S4],
// [K3 UI-5], (UI-1), TestS4_Reclaim, TestSEC38_HostileFrames.
var (
	citation = regexp.MustCompile(`[\[(]((?:(?:[ASPKTIN]|AD|UI-|SEC-)[0-9]+(?:,? )?)+)[\])]`)
	number   = regexp.MustCompile(`(?:[A-Z]{1,2}|UI-|SEC-)[0-9]+`)
	inName   = regexp.MustCompile(`\bTest((?:SEC|UI|AD|[ASPKTIN])[0-9]+)_`)
)

// TestRulesAreDefined: a reader who meets a number finds what it means.
func TestRulesAreDefined(t *testing.T) {
	defined := definedRules(t)
	if len(defined) < 50 {
		t.Fatalf("only %d rules were found: the pages or the pattern have changed", len(defined))
	}
	for _, file := range trackedFiles(t) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range citedRules(string(text)) {
			if !defined[n] {
				t.Errorf("%s cites %s, which docs/rules.md and docs/security.md do not define", file, n)
			}
		}
	}
}

// TestRulesNameTheirTests: each rule names tests, and those exist.
func TestRulesNameTheirTests(t *testing.T) {
	page, err := os.ReadFile("docs/rules.md")
	if err != nil {
		t.Fatal(err)
	}
	names := testNames(t)
	mention := regexp.MustCompile("`((?:Test|Fuzz)[A-Za-z0-9_]+|web/[a-z/.]+\\.ts)`")
	for _, entry := range strings.Split(string(page), "\n\n") {
		title := definitions["docs/rules.md"].FindStringSubmatch(entry)
		if title == nil || strings.Contains(entry, "*Not built yet") {
			continue
		}
		found := mention.FindAllStringSubmatch(entry, -1)
		if len(found) == 0 {
			t.Errorf("%s names no test", title[1])
		}
		for _, m := range found {
			if strings.HasPrefix(m[1], "web/") {
				if _, err := os.Stat(m[1]); err != nil {
					t.Errorf("%s names %s: %v", title[1], m[1], err)
				}
			} else if !slices.Contains(names, m[1]) {
				t.Errorf("%s names %s, which does not exist", title[1], m[1])
			}
		}
	}
}

// TestPagesNameTheirTests: no page names a test that does not exist.
func TestPagesNameTheirTests(t *testing.T) {
	names := testNames(t)
	mention := regexp.MustCompile("`((?:Test|Fuzz)[A-Za-z0-9_]+)`")
	for _, file := range trackedFiles(t) {
		if filepath.Ext(file) != ".md" {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range mention.FindAllStringSubmatch(string(text), -1) {
			if !slices.Contains(names, m[1]) {
				t.Errorf("%s names %s, which does not exist", file, m[1])
			}
		}
	}
}

func definedRules(t *testing.T) map[string]bool {
	t.Helper()
	defined := map[string]bool{}
	for file, pattern := range definitions {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range pattern.FindAllStringSubmatch(string(text), -1) {
			for _, n := range strings.Split(m[1], ", ") { // "SEC-13, -14"
				if strings.HasPrefix(n, "-") {
					n = "SEC" + n
				}
				defined[n] = true
			}
		}
	}
	return defined
}

// citedRules are the numbers that a text cites, each as it is defined.
func citedRules(text string) []string {
	var all []string
	for _, m := range citation.FindAllStringSubmatch(text, -1) {
		all = append(all, number.FindAllString(m[1], -1)...)
	}
	for _, m := range inName.FindAllStringSubmatch(text, -1) {
		n := m[1]
		for _, prefix := range []string{"SEC", "UI"} {
			if digits, ok := strings.CutPrefix(n, prefix); ok {
				n = prefix + "-" + padded(prefix, digits)
			}
		}
		all = append(all, n)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// padded writes the number of a security requirement with two digits.
func padded(prefix, digits string) string {
	if prefix == "SEC" && len(digits) == 1 {
		return "0" + digits
	}
	return digits
}

// trackedFiles are the sources and documents that may cite a rule.
func trackedFiles(t *testing.T) []string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "git", "ls-files", "--cached", "--others", "--exclude-standard", "-z").Output()
	if err != nil {
		t.Fatal("git cannot list the files: ", err)
	}
	var files []string
	for _, name := range strings.Split(strings.TrimRight(string(out), "\x00"), "\x00") {
		kinds := []string{".go", ".ts", ".js", ".svelte", ".css", ".sql", ".md", ".sh", ".toml", ""}
		if _, err := os.Stat(name); err == nil && slices.Contains(kinds, filepath.Ext(name)) {
			files = append(files, name)
		}
	}
	return files
}

// testNames are the names of all Go tests and fuzz targets.
func testNames(t *testing.T) []string {
	t.Helper()
	declaration := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)[A-Za-z0-9_]+)\(`)
	var names []string
	for _, file := range trackedFiles(t) {
		if !strings.HasSuffix(file, "_test.go") {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range declaration.FindAllStringSubmatch(string(text), -1) {
			names = append(names, m[1])
		}
	}
	return names
}

// TestArchitectureNamesFiles: a newcomer who follows ARCHITECTURE.md finds each
// file and package that it names.
func TestArchitectureNamesFiles(t *testing.T) {
	page, err := os.ReadFile("ARCHITECTURE.md")
	if err != nil {
		t.Fatal(err)
	}
	paths := regexp.MustCompile("`((?:cmd|internal|docs|web|engineio|socketio)/[a-z_/.]+)`").FindAllStringSubmatch(string(page), -1)
	if len(paths) < 15 {
		t.Fatalf("only %d paths were found", len(paths))
	}
	for _, m := range paths {
		if _, err := os.Stat(m[1]); err != nil {
			t.Errorf("ARCHITECTURE.md names %s: %v", m[1], err)
		}
	}
}
