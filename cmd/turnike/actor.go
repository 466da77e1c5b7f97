package main

import (
	"os"
	"os/user"
	"strconv"
	"strings"
	"unicode"

	"github.com/turnike/turnike/internal/session"
)

// maxActorName is the greatest length of each part of an actor's name, in
// characters: the environment may hold anything.
const maxActorName = 64

// invoker returns who runs this command: the system user and the host, and behind
// sudo also the user that called it. What cannot be found out is left out.
func invoker() session.Actor {
	name := "uid " + strconv.Itoa(os.Getuid())
	if u, err := user.Current(); err == nil && u.Username != "" {
		name = u.Username
	}
	name = actorPart(name)
	if host, err := os.Hostname(); err == nil && host != "" {
		name += "@" + actorPart(host)
	}
	if by := actorPart(os.Getenv("SUDO_USER")); by != "" {
		name += " (sudo by " + by + ")"
	}
	return session.ByCLI(name)
}

// actorPart returns a part of the name without invisible characters, cut to
// maxActorName.
func actorPart(s string) string {
	s = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, s)
	if r := []rune(s); len(r) > maxActorName {
		return string(r[:maxActorName])
	}
	return s
}
