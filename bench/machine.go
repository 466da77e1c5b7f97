package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// describeMachine is what the figures depend on.
func describeMachine(opts options) string {
	var b strings.Builder
	say := func(what, value string) {
		if value != "" {
			fmt.Fprintf(&b, "- %s: %s\n", what, value)
		}
	}
	say("measured", time.Now().UTC().Format("2006-01-02 15:04 UTC"))
	say("processor", fmt.Sprintf("%d cores, %s", runtime.NumCPU(), field("/proc/cpuinfo", "model name")))
	say("memory", field("/proc/meminfo", "MemTotal"))
	say("kernel", firstLine("/proc/sys/kernel/osrelease"))
	say("load at the end (1, 5, 15 min)", strings.Join(strings.Fields(firstLine("/proc/loadavg"))[:3], " "))
	say("Turnike", output(opts.binary, "version"))
	say("Go", runtime.Version())
	for _, p := range opts.peers {
		switch p.name {
		case "node":
			say("Node", output("node", "--version"))
		case "flask":
			say("Python", output("/usr/bin/python3", "-c", `import platform, importlib.metadata as m
print(platform.python_version() + ", " + ", ".join(n + " " + m.version(n) for n in ("flask-socketio", "eventlet", "PyJWT")))`))
		}
	}
	return b.String()
}

// field is the first value with that name in a file of /proc.
func field(file, name string) string {
	raw, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(raw)) {
		key, value, ok := strings.Cut(line, ":")
		if ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

func firstLine(file string) string {
	raw, err := os.ReadFile(file)
	if err != nil {
		return "- - -"
	}
	line, _, _ := strings.Cut(string(raw), "\n")
	return line
}

// output is what a program says of itself, in one line.
func output(name string, args ...string) string {
	out, err := exec.Command(name, args...).Output()
	if err != nil {
		return ""
	}
	line, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	return line
}
