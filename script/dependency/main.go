// Command dependency looks at what the product is made of.
//
//	go run ./script/dependency licenses      every licence is on the list of allowed ones [SEC-67]
//	go run ./script/dependency sbom BINARY   a bill of materials, CycloneDX JSON, on stdout
//	go run ./script/dependency weaknesses D  Go's list of known weaknesses into D, for govulncheck [SEC-66]
package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// allowed are the licences that ask for no more than to be named, and MPL-2.0,
// which asks for changes of its own files only. Names are those of SPDX.
var allowed = []string{"0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "BlueOak-1.0.0", "CC0-1.0", "ISC", "MIT", "MPL-2.0", "Unlicense"}

// locks are the lists of npm packages; those of web end up in the pages.
var locks = []string{"web/package-lock.json", "e2e/package-lock.json", "bench/peers/node/package-lock.json"}

// stated are the licences that packages have in a file and not in their metadata.
var stated = map[string]string{"base64-arraybuffer": "MIT", "xmlhttprequest-ssl": "MIT"}

// part is one thing that somebody else made.
type part struct{ kind, name, version, license string }

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "dependency:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	switch {
	case len(args) == 1 && args[0] == "licenses":
		return licenses()
	case len(args) == 2 && args[0] == "sbom":
		return sbom(args[1])
	case len(args) == 2 && args[0] == "weaknesses":
		return weaknesses(args[1])
	}
	return fmt.Errorf("usage: dependency licenses, dependency sbom BINARY, dependency weaknesses DIRECTORY")
}

// licenses checks everything that is built with, tools and tests included.
func licenses() error {
	parts, err := goModules("./...")
	if err != nil {
		return err
	}
	for _, lock := range locks {
		npm, err := npmPackages(lock)
		if err != nil {
			return err
		}
		parts = append(parts, npm...)
	}
	bad := 0
	for _, p := range parts {
		if !acceptable(p.license) {
			bad++
			fmt.Fprintf(os.Stderr, "%s %s %s: the licence %q is not on the list\n", p.kind, p.name, p.version, p.license)
		}
	}
	if bad > 0 {
		return fmt.Errorf("%d of %d dependencies may not be used", bad, len(parts))
	}
	fmt.Printf("%d dependencies, all with licences on the list\n", len(parts))
	return nil
}

// acceptable reads an SPDX expression: one of those joined by OR has to be
// allowed, all of those joined by AND.
func acceptable(expression string) bool {
	expression = strings.Trim(expression, "() ")
	if either := strings.Split(expression, " OR "); len(either) > 1 {
		return slices.ContainsFunc(either, acceptable)
	}
	for one := range strings.SplitSeq(expression, " AND ") {
		if !slices.Contains(allowed, strings.Trim(one, "() ")) {
			return false
		}
	}
	return true
}

// goModules are the modules that packages and their tests are built of.
func goModules(packages string) ([]part, error) {
	out, err := exec.Command("go", "list", "-deps", "-test", "-f", "{{with .Module}}{{if not .Main}}{{.Path}}\t{{.Version}}\t{{.Dir}}{{end}}{{end}}", packages).Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	slices.Sort(lines)
	var parts []part
	for _, line := range slices.Compact(lines) {
		f := strings.Split(line, "\t")
		if len(f) != 3 {
			continue // the main module's own packages, and the standard library's
		}
		parts = append(parts, part{"golang", f[0], f[1], licenseOf(f[2])})
	}
	return parts, nil
}

// licenseOf recognises the text of a module's licence.
func licenseOf(dir string) string {
	var text string
	for _, pattern := range []string{"LICEN[CS]E*", "COPYING*", "licen[cs]e*"} {
		files, _ := filepath.Glob(filepath.Join(dir, pattern)) // the patterns are well-formed
		for _, file := range files {
			if raw, err := os.ReadFile(file); err == nil {
				text += string(raw)
			}
		}
	}
	text = strings.Join(strings.Fields(text), " ")
	for _, known := range []struct{ spdx, says, not string }{
		{"", "GNU ", "Mozilla Public License"},
		{"MPL-2.0", "Mozilla Public License", ""},
		{"CC0-1.0", "public domain with CC0 1.0", ""},
		{"Apache-2.0", "Apache License", ""},
		{"ISC", "Permission to use, copy, modify, and/or distribute this software", ""},
		{"BSD-3-Clause", "endorse or promote products derived from", ""},
		{"BSD-2-Clause", "Redistribution and use in source and binary forms", ""},
		{"MIT", "Permission is hereby granted, free of charge", ""},
		{"Unlicense", "free and unencumbered software", ""},
	} {
		if strings.Contains(text, known.says) && (known.not == "" || !strings.Contains(text, known.not)) {
			return known.spdx
		}
	}
	return ""
}

// npmPackages are those of a lock file, in its order of names.
func npmPackages(lock string) ([]part, error) {
	raw, err := os.ReadFile(lock)
	if err != nil {
		return nil, err
	}
	var in struct {
		Packages map[string]struct {
			Version, License string
		}
	}
	if err := json.Unmarshal(raw, &in); err != nil {
		return nil, fmt.Errorf("%s: %w", lock, err)
	}
	var parts []part
	for path, p := range in.Packages {
		_, name, ok := cutLast(path, "node_modules/")
		if !ok {
			continue
		}
		parts = append(parts, part{"npm", name, p.Version, cmp.Or(p.License, stated[name])})
	}
	slices.SortFunc(parts, func(a, b part) int { return cmp.Or(cmp.Compare(a.name, b.name), cmp.Compare(a.version, b.version)) })
	return slices.Compact(parts), nil
}

func cutLast(s, sep string) (before, after string, ok bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

// encode writes JSON for people and machines alike.
func encode(v any) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return err
	}
	_, err := os.Stdout.Write(b.Bytes())
	return err
}
