package webhttp

import "net/http"

// sameSite refuses unsafe requests that another site made a browser send [SEC-31]. It
// looks at Sec-Fetch-Site and Origin; an Origin must be one of this server's,
// whatever the Host header says. Sockets have a stricter check of their own [SEC-32].
func (p Protection) sameSite(next http.Handler) http.Handler {
	var protection http.CrossOriginProtection
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if p.Responder.isSocket(r) {
			next.ServeHTTP(w, r)
			return
		}
		safe := r.Method == http.MethodGet || r.Method == http.MethodHead || r.Method == http.MethodOptions
		o := r.Header.Get("Origin")
		if protection.Check(r) != nil || (!safe && o != "" && !p.Origins.IsOwn(r, o)) {
			if p.Foreign != nil {
				p.Foreign(r)
			}
			p.Responder.Refuse(w, r, ErrCrossOrigin)
			return
		}
		next.ServeHTTP(w, r)
	})
}
