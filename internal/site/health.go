package site

import (
	"net/http"

	"github.com/turnike/turnike/internal/session"
	"github.com/turnike/turnike/internal/webhttp"
)

// healthz is GET /healthz. It checks nothing: an answer shows that the process runs.
func (s *Site) healthz(w http.ResponseWriter, _ *http.Request) error {
	webhttp.WriteJSON(w, http.StatusOK, "application/json", map[string]string{"status": "ok"})
	return nil
}

// readyz is GET /readyz. It succeeds when the store can be read and written, and the
// server is not about to stop. Of several failures in a row it logs the first.
func (s *Site) readyz(w http.ResponseWriter, r *http.Request) error {
	if s.draining() {
		return webhttp.ErrDraining
	}
	if err := s.ready(r.Context()); err != nil {
		if !s.unready.Swap(true) {
			s.log.WarnContext(r.Context(), "not ready", "error", err)
		}
		return session.ErrUnavailable
	}
	s.unready.Store(false)
	webhttp.WriteJSON(w, http.StatusOK, "application/json", map[string]string{"status": "ready"})
	return nil
}
