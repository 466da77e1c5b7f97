package main

import (
	"debug/buildinfo"
	"fmt"
	"net/url"
	"os/exec"
	"strings"
)

type property struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// component is one of CycloneDX 1.6.
type component struct {
	Type       string           `json:"type"`
	Name       string           `json:"name"`
	Version    string           `json:"version"`
	PURL       string           `json:"purl"`
	Licenses   []map[string]any `json:"licenses,omitempty"`
	Properties []property       `json:"properties,omitempty"`
}

// sbom lists what a binary says it was built of, and the npm packages that
// the pages in it are built of and with. It has no serial number and no time: the same binary gives the
// same list [SEC-68].
func sbom(binary string) error {
	info, err := buildinfo.ReadFile(binary)
	if err != nil {
		return err
	}
	main := component{Type: "application", Name: info.Main.Path, Version: info.Main.Version,
		PURL: "pkg:golang/" + info.Main.Path + "@" + url.PathEscape(info.Main.Version)}
	for _, s := range info.Settings {
		main.Properties = append(main.Properties, property{"go:build:" + s.Key, s.Value})
	}
	std := strings.TrimPrefix(info.GoVersion, "go")
	components := []component{{Type: "library", Name: "std", Version: std, PURL: "pkg:golang/std@" + std, Licenses: spdx("BSD-3-Clause")}}
	for _, m := range info.Deps {
		if m.Replace != nil {
			m = m.Replace
		}
		dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", m.Path).Output()
		if err != nil {
			return fmt.Errorf("go list -m %s: %w", m.Path, err)
		}
		components = append(components, component{Type: "library", Name: m.Path, Version: m.Version, PURL: "pkg:golang/" + m.Path + "@" + m.Version,
			Licenses: spdx(licenseOf(strings.TrimSpace(string(dir)))), Properties: []property{{"go:sum", m.Sum}}})
	}
	npm, err := npmPackages(locks[0])
	if err != nil {
		return err
	}
	for _, p := range npm {
		components = append(components, component{Type: "library", Name: p.name, Version: p.version,
			PURL: "pkg:npm/" + strings.ReplaceAll(p.name, "@", "%40") + "@" + p.version, Licenses: spdx(p.license)})
	}
	return encode(map[string]any{"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
		"metadata": map[string]any{"component": main}, "components": components})
}

func spdx(id string) []map[string]any {
	if id == "" {
		return nil
	}
	if strings.ContainsAny(id, " (") {
		return []map[string]any{{"expression": id}}
	}
	return []map[string]any{{"license": map[string]string{"id": id}}}
}
