package site

import (
	"net/http"

	"github.com/turnike/turnike/internal/webhttp"
)

// Version is the answer to GET /version: which build this is.
type Version struct {
	Version string `json:"version"`
	Commit  string `json:"commit,omitempty"`
	Go      string `json:"go"`
}

// versionInfo is GET /version.
func (s *Site) versionInfo(w http.ResponseWriter, _ *http.Request) error {
	webhttp.WriteJSON(w, http.StatusOK, "application/json", s.version)
	return nil
}
