package web

import (
	"embed"
	"io/fs"
)

// all: keeps .gitkeep in, so that the pattern matches in a checkout without a
// build.
//
//go:embed all:dist
var dist embed.FS

// Pages returns the built pages, rooted so that "index.html" is the login page,
// "socket.html" the console and "assets/…" what they load. Names under assets
// carry a hash of their content, except "assets/turnike.css" and
// "assets/favicon.svg", which plain pages link by name. Beside each of them stand
// its compressed forms, ".br" (RFC 7932) and ".gz" (RFC 1952). It is false when this
// binary was compiled without a build of the pages.
func Pages() (fs.FS, bool) {
	return pages(dist)
}

func pages(built fs.FS) (fs.FS, bool) {
	root, err := fs.Sub(built, "dist")
	if err != nil {
		return nil, false
	}
	for _, page := range []string{"index.html", "socket.html"} {
		if _, err := fs.Stat(root, page); err != nil {
			return nil, false
		}
	}
	return root, true
}
