package web

import (
	"testing"
	"testing/fstest"
)

func TestPagesNeedBothPages(t *testing.T) {
	html := &fstest.MapFile{Data: []byte("<!doctype html>")}
	for name, tc := range map[string]struct {
		built fstest.MapFS
		want  bool
	}{
		"no build":     {fstest.MapFS{"dist/.gitkeep": {}}, false},
		"half a build": {fstest.MapFS{"dist/index.html": html}, false},
		"a build":      {fstest.MapFS{"dist/index.html": html, "dist/socket.html": html}, true},
	} {
		t.Run(name, func(t *testing.T) {
			root, ok := pages(tc.built)
			if ok != tc.want {
				t.Fatalf("pages() ok = %v, want %v", ok, tc.want)
			}
			if ok {
				if _, err := root.Open("index.html"); err != nil {
					t.Errorf("index.html is not at the root: %v", err)
				}
			}
		})
	}
}

func TestPagesOfThisBuildAreComplete(t *testing.T) {
	root, ok := Pages()
	if !ok {
		t.Skip("compiled without a build of the pages")
	}
	for _, name := range []string{"assets/turnike.css", "assets/favicon.svg"} {
		for _, form := range []string{"", ".br", ".gz"} {
			if _, err := root.Open(name + form); err != nil {
				t.Errorf("plain pages link %s: %v", name, err)
			}
		}
	}
}
