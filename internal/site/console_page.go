package site

import "net/http"

// consolePage is GET /socket.
func (s *Site) consolePage(w http.ResponseWriter, r *http.Request) error {
	s.writePage(w, r, s.pages.console)
	return nil
}
