// Package turnike_test keeps the arrows between the packages as the
// architecture draws them.
package turnike_test

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/turnike/turnike/"

// arrows are all imports that a package may have of others of the module,
// tests aside. A new package belongs into this table; an arrow that is missing
// here is a decision, not an oversight.
func arrows() map[string][]string {
	return map[string][]string{
		// Protocol: knows no product.
		"engineio": {},
		"socketio": {"engineio"},

		// Core: no HTTP, no SQL, no files.
		"internal/secret":  {},
		"internal/counter": {},
		"internal/account": {"internal/secret", "internal/counter"},
		"internal/token":   {"internal/secret"},
		"internal/session": {"internal/account"},

		// Rim: adapters between the core and the world.
		"internal/secret/secretfile": {"internal/secret"},
		"internal/token/keyfile":     {"internal/secret/secretfile"},
		"internal/certificate":       {"internal/secret/secretfile"},
		"internal/store":             {"internal/account", "internal/session", "internal/counter"},
		"internal/store/storetest":   {"internal/account", "internal/session", "internal/store"},
		"internal/store/sqlite":      {"internal/account", "internal/session", "internal/store", "internal/counter"},
		"internal/logging":           {"internal/secret"},
		"internal/auth":              {"internal/logging", "internal/session", "internal/token"},
		"internal/input":             {},
		"internal/origin":            {},
		"internal/ratelimit":         {},
		"internal/text":              {"web"},
		"internal/feed":              {"internal/session"},
		"internal/alert":             {"internal/account", "internal/feed", "internal/secret", "internal/session", "web"},
		"internal/login":             {"internal/account", "internal/ratelimit", "internal/session", "internal/counter"},
		"internal/webhttp":           {"internal/account", "internal/auth", "internal/input", "internal/login", "internal/origin", "internal/session", "internal/text", "internal/wire", "web"},
		"internal/site": {"internal/account", "internal/auth", "internal/input", "internal/logging", "internal/login", "internal/origin", "internal/secret",
			"internal/session", "internal/counter", "internal/token", "internal/webhttp", "internal/wire", "web"},
		"internal/wire":     {},
		"internal/kick":     {"internal/session"},
		"internal/presence": {"engineio", "socketio", "internal/session", "internal/wire"},
		"internal/realtime": {"engineio", "socketio", "internal/account", "internal/auth", "internal/logging", "internal/text",
			"internal/kick", "internal/origin", "internal/presence", "internal/ratelimit", "internal/session", "internal/counter", "internal/webhttp", "internal/wire", "web"},
		"internal/metrics": {"internal/account", "internal/alert", "internal/login", "internal/realtime", "internal/session", "internal/site", "internal/store",
			"internal/counter"},
		"internal/server":  {"internal/logging", "internal/origin"},
		"web":              {},
		"internal/systemd": {},

		// Programs around the product.
		"script/dependency": {},

		"internal/config": {"internal/account", "internal/alert", "internal/input", "internal/secret", "internal/secret/secretfile", "internal/session",
			"internal/token", "internal/token/keyfile", "web"},

		// Everything is put together in one place.
		"internal/app": {"*"},

		// The commands: each works on the store by the rules of the core, and only
		// serve starts the rest.
		"cmd/turnike": {"internal/account", "internal/alert", "internal/app", "internal/auth", "internal/certificate", "internal/config", "internal/input",
			"internal/secret", "internal/session", "internal/store", "internal/token", "internal/token/keyfile", "internal/wire"},
	}
}

// owners are the packages that may import a library or a part of the standard
// library; everybody else goes through them.
func owners() map[string][]string {
	return map[string][]string{
		"github.com/alecthomas/kong":       {"cmd/turnike"},
		"github.com/pelletier/go-toml":     {"internal/config"},
		"github.com/wneessen/go-mail":      {"internal/alert"},
		"github.com/gobwas/ws":             {"engineio"},
		"github.com/golang-jwt/jwt":        {"internal/token"},
		"github.com/mileusna/useragent":    {"internal/login"},
		"github.com/pressly/goose":         {"internal/store/sqlite"},
		"github.com/prometheus":            {"internal/metrics"},
		"net/http/pprof":                   {"internal/metrics"},
		"modernc.org/sqlite":               {"internal/store/sqlite", "cmd/turnike"},
		"database/sql":                     {"internal/store/sqlite", "cmd/turnike"},
		"golang.org/x/crypto":              {"internal/account"},
		"golang.org/x/time":                {"internal/ratelimit"},
		"github.com/smallstep/truststore":  {"cmd/turnike"},
		"github.com/caddyserver/certmagic": {"internal/certificate"},
		"go.uber.org/zap":                  {"internal/certificate"},
		"github.com/coreos/go-systemd":     {"internal/systemd"},
		"github.com/pires/go-proxyproto":   {"internal/server"},
	}
}

// core are the packages whose rules are pure.
func core() []string {
	return []string{"internal/secret", "internal/counter", "internal/account", "internal/token", "internal/session"}
}

// worldly is what the core must not import itself, and not have below it.
func worldly() (imports, deps []string) {
	return []string{"database/sql", "io/fs", "net", "net/http", "os", "os/exec", "path/filepath", "syscall"}, []string{"database/sql", "net/http"}
}

// listed is what go list says of a package.
type listed struct {
	ImportPath string
	Imports    []string // without those of its tests
	Deps       []string
}

// packages lists the module's packages by their path in it. Those of e2e are
// programs around the product, not a part of it.
func packages(t *testing.T) map[string]listed {
	t.Helper()
	see(t)
	out, err := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports,Deps", "./...").Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			t.Fatalf("go list: %v\n%s", err, exit.Stderr)
		}
		t.Fatal(err)
	}
	all := map[string]listed{}
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		name, ok := strings.CutPrefix(p.ImportPath, module)
		if !ok || name == "e2e" || strings.HasPrefix(name, "e2e/") || strings.HasPrefix(name, "bench") {
			continue
		}
		all[name] = p
	}
	return all
}

// see looks at every source file, for go test remembers a result by the files
// that the test itself has looked at, and go list is another process.
func see(t *testing.T) {
	t.Helper()
	err := filepath.WalkDir(".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (entry.Name() == "node_modules" || len(name) > 1 && strings.HasPrefix(entry.Name(), ".")):
			return filepath.SkipDir
		case strings.HasSuffix(name, ".go"):
			_, err = os.Stat(name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestArrows(t *testing.T) {
	allowed, found := arrows(), packages(t)
	if len(found) == 0 {
		t.Fatal("go list found nothing")
	}
	for name, p := range found {
		targets, known := allowed[name]
		if !known {
			t.Errorf("%s has no place in the table of arrows", name)
			continue
		}
		for _, i := range p.Imports {
			target, ours := strings.CutPrefix(i, module)
			if ours && !slices.Contains(targets, target) && !slices.Contains(targets, "*") {
				t.Errorf("%s imports %s", name, target)
			}
			checkOwner(t, name, i)
		}
	}
	for name := range allowed {
		if _, there := found[name]; !there {
			t.Errorf("%s is in the table of arrows and nowhere else", name)
		}
	}
}

func checkOwner(t *testing.T, name, imported string) {
	t.Helper()
	for library, packages := range owners() {
		if imported == library || strings.HasPrefix(imported, library+"/") {
			if !slices.Contains(packages, name) {
				t.Errorf("%s imports %s, which belongs to %v", name, imported, packages)
			}
		}
	}
}

func TestCoreKnowsNoWorld(t *testing.T) {
	found := packages(t)
	imports, deps := worldly()
	for _, name := range core() {
		for _, i := range found[name].Imports {
			if slices.Contains(imports, i) {
				t.Errorf("%s imports %s", name, i)
			}
		}
		for _, d := range found[name].Deps {
			if slices.Contains(deps, d) {
				t.Errorf("%s depends on %s", name, d)
			}
		}
	}
}

// TestProtocolKnowsNoProduct looks through what is below the protocol engines,
// not only at their own imports.
func TestProtocolKnowsNoProduct(t *testing.T) {
	found := packages(t)
	for _, name := range []string{"engineio", "socketio"} {
		for _, d := range found[name].Deps {
			if target, ours := strings.CutPrefix(d, module); ours && target != "engineio" {
				t.Errorf("%s depends on %s", name, target)
			}
		}
	}
}

// TestNames: a package that is called after nothing collects everything.
func TestNames(t *testing.T) {
	for name := range packages(t) {
		if slices.Contains([]string{"util", "utils", "common", "helper", "helpers", "model", "models", "pkg", "misc", "shared"}, path.Base(name)) {
			t.Errorf("%s says nothing of what it owns", name)
		}
	}
}
