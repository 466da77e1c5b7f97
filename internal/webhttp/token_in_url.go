package webhttp

import (
	"net/http"
	"net/url"
	"strings"
)

// noTokenInURL refuses tokens in URLs, where logs and histories keep them [SEC-18].
func (p Protection) noTokenInURL(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if tokenIn(r.URL.RawQuery) {
			p.Responder.Refuse(w, r, ErrTokenInURL)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// tokenIn reports whether a query has a token in it, however its name is spelled
// and whatever separates it from the rest.
func tokenIn(query string) bool {
	for pair := range strings.FieldsFuncSeq(query, func(r rune) bool { return r == '&' || r == ';' }) {
		name, _, _ := strings.Cut(pair, "=")
		if plain, err := url.QueryUnescape(name); err == nil {
			name = plain
		}
		if strings.EqualFold(name, "token") || strings.EqualFold(name, "access_token") {
			return true
		}
	}
	return false
}
