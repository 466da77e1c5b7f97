package webhttp

import "net/http"

// noTokenInURL refuses tokens in URLs, where logs and histories keep them [SEC-18].
func (p Protection) noTokenInURL(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		if q.Has("token") || q.Has("access_token") {
			p.Responder.Refuse(w, r, ErrTokenInURL)
			return
		}
		next.ServeHTTP(w, r)
	})
}
