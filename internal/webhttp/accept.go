package webhttp

import (
	"net/http"
	"strings"
)

// AcceptsHTML reports whether the request asks for a page by name.
func AcceptsHTML(r *http.Request) bool {
	return strings.Contains(r.Header.Get("Accept"), "text/html")
}
