package api

import (
	"net/http"

	"github.com/turnike/turnike/internal/session"
)

// healthz tells that the process answers; it looks at nothing else.
func (a *API) healthz(w http.ResponseWriter, _ *http.Request) error {
	writeJSON(w, http.StatusOK, "application/json", map[string]string{"status": "ok"})
	return nil
}

// readyz reports whether new work may come: the store can be read and written,
// and the server is not about to stop. It logs the first of several failures.
func (a *API) readyz(w http.ResponseWriter, r *http.Request) error {
	if a.draining() {
		return ErrDraining
	}
	if err := a.ready(r.Context()); err != nil {
		if !a.unready.Swap(true) {
			a.log.WarnContext(r.Context(), "not ready", "error", err)
		}
		return session.ErrUnavailable
	}
	a.unready.Store(false)
	writeJSON(w, http.StatusOK, "application/json", map[string]string{"status": "ready"})
	return nil
}

// versionInfo tells which build this is.
func (a *API) versionInfo(w http.ResponseWriter, _ *http.Request) error {
	writeJSON(w, http.StatusOK, "application/json", a.version)
	return nil
}

// jwks publishes the public keys that tokens can be checked with (RFC 7517).
func (a *API) jwks(w http.ResponseWriter, _ *http.Request) error {
	body, err := a.keys.JWKS()
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/jwk-set+json")
	w.Header().Set("Cache-Control", "public, max-age=300")
	_, _ = w.Write(body) // the client may be gone
	return nil
}
