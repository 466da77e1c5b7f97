package main

import (
	"cmp"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/turnike/turnike/internal/app"
)

// versionCommand prints the version.
type versionCommand struct{}

// Run prints version, revision and compiler in one line.
func (versionCommand) Run(inv *invocation) error { return inv.say("%s", versionLine()) }

// versionLine returns what --version and the command version print.
func versionLine() string {
	b := build()
	return fmt.Sprintf("turnike %s (%s, %s)", b.Version, cmp.Or(b.Revision, "revision unknown"), b.Go)
}

// release is the version that the Makefile sets at link time, or "".
var release string

// build returns what the linker has recorded in the binary.
func build() app.Build {
	out := app.Build{Version: cmp.Or(release, "(devel)"), Go: runtime.Version()}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return out
	}
	out.Version = cmp.Or(release, info.Main.Version, out.Version)
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			out.Revision = s.Value
		}
	}
	return out
}
