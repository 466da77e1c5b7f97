package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"
)

// database is the module that has Go's list of weaknesses, which so comes from
// where all modules come from.
const database = "golang.org/x/vulndb@latest"

// advisory is what the indexes need of an entry in OSV's format.
type advisory struct {
	ID       string    `json:"id"`
	Modified time.Time `json:"modified"`
	Aliases  []string  `json:"aliases,omitempty"`
	Affected []struct {
		Package struct {
			Name string `json:"name"`
		} `json:"package"`
	} `json:"affected"`
}

// weaknesses writes Go's list of known weaknesses into a directory, in the layout
// that govulncheck reads (https://go.dev/doc/security/vuln/database), and says
// what it is.
func weaknesses(dir string) error {
	download := exec.Command("go", "mod", "download", "-json", database)
	download.Dir = os.TempDir() // it is no dependency of ours
	out, err := download.Output()
	if err != nil {
		return fmt.Errorf("download %s: %w", database, err)
	}
	var module struct{ Version, Dir string }
	if err := json.Unmarshal(out, &module); err != nil {
		return err
	}
	entries, err := filepath.Glob(filepath.Join(module.Dir, "data", "osv", "*.json"))
	if err == nil && len(entries) == 0 {
		err = errors.New(module.Version + " has no entries")
	}
	if err != nil {
		return err
	}
	var all []advisory
	for _, file := range entries {
		data, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		var a advisory
		if err := json.Unmarshal(data, &a); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		if err := write(filepath.Join(dir, "ID", a.ID+".json"), data); err != nil {
			return err
		}
		all = append(all, a)
	}
	fmt.Printf("%d entries of %s\n", len(all), module.Version)
	return index(dir, all)
}

// index writes the lists of what there is: when it was changed, by module, by id.
func index(dir string, all []advisory) error {
	type vuln struct {
		ID       string    `json:"id"`
		Modified time.Time `json:"modified"`
		Aliases  []string  `json:"aliases,omitempty"`
	}
	type module struct {
		Path  string `json:"path"`
		Vulns []vuln `json:"vulns"`
	}
	var newest time.Time
	var vulns []vuln
	modules := make(map[string]module)
	for _, a := range all {
		if a.Modified.After(newest) {
			newest = a.Modified
		}
		vulns = append(vulns, vuln{a.ID, a.Modified, a.Aliases})
		for _, at := range a.Affected {
			m := modules[at.Package.Name]
			m.Path = at.Package.Name
			if v := (vuln{ID: a.ID, Modified: a.Modified}); len(m.Vulns) == 0 || m.Vulns[len(m.Vulns)-1].ID != v.ID {
				m.Vulns = append(m.Vulns, v)
			}
			modules[m.Path] = m
		}
	}
	var byPath []module
	for _, path := range slices.Sorted(maps.Keys(modules)) {
		byPath = append(byPath, modules[path])
	}
	for name, list := range map[string]any{"db": map[string]time.Time{"modified": newest}, "modules": byPath, "vulns": vulns} {
		data, err := json.Marshal(list)
		if err != nil {
			return err
		}
		if err := write(filepath.Join(dir, "index", name+".json"), data); err != nil {
			return err
		}
	}
	return nil
}

func write(file string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, data, 0o644)
}
