package site

import "net/http"

// jwks is GET /.well-known/jwks.json: the public keys that verify tokens (RFC 7517).
func (s *Site) jwks(w http.ResponseWriter, _ *http.Request) error {
	body, err := s.keys.JWKS()
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/jwk-set+json")
	w.Header().Set("Cache-Control", "public, max-age=300")
	_, _ = w.Write(body) // the client may be gone
	return nil
}
