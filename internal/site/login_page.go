package site

import (
	"errors"
	"net/http"
	"strings"

	"github.com/turnike/turnike/internal/auth"
	"github.com/turnike/turnike/internal/webhttp"
)

// loginPage is GET /. With a live session it redirects to where the browser wanted to
// go [SEC-35].
func (s *Site) loginPage(w http.ResponseWriter, r *http.Request) error {
	id, err := s.auth.Request(r)
	var refused *auth.Error
	switch {
	case err == nil:
		s.core.Active(id.Session.ID) // [A4] [S11]
		target, ok := s.origins.ReturnTo(r, r.URL.Query().Get("return_to"))
		if path, _, _ := strings.Cut(target, "?"); !ok || path == s.base || path == s.base+"/" {
			target = s.base + "/socket"
		}
		w.Header().Set("Cache-Control", "no-store")
		http.Redirect(w, r, target, http.StatusFound)
		return nil
	case errors.As(err, &refused) && refused.Forget():
		webhttp.ClearSessionCookie(w)
	}
	if _, _, known := s.origins.Own(r); !known && webhttp.AcceptsHTML(r) {
		s.writeAddressPage(w, r)
		return nil
	}
	s.writePage(w, r, s.pages.login)
	return nil
}
