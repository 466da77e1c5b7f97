package site

import (
	"net/http"
	"strings"

	"github.com/turnike/turnike/internal/webhttp"
)

// Routes returns the handler of all our own routes, which are below the base path,
// with the protection around them. sockets answers [webhttp.SocketPath], and figures
// answers GET /metrics for those who know its token.
//
// The router belongs to the site alone, so the answers that it makes itself are
// protected too: the 404s, and the redirects from paths that it cleans. What belongs
// to somebody else's application must be dispatched before this handler.
func (s *Site) Routes(sockets, figures http.Handler) http.Handler {
	mux := http.NewServeMux()
	route := func(pattern string, by webhttp.Methods) { mux.Handle(s.base+pattern, s.responder.Methods(by)) }
	route("/{$}", webhttp.Methods{http.MethodGet: s.loginPage})
	route("/login-token", webhttp.Methods{http.MethodPost: s.counted(s.login)})
	route("/logout", webhttp.Methods{http.MethodPost: s.logout})
	route("/socket", webhttp.Methods{http.MethodGet: s.toLogin(s.guard(s.consolePage))})
	route("/assets/", webhttp.Methods{http.MethodGet: s.asset})
	route("/favicon.ico", webhttp.Methods{http.MethodGet: s.favicon})
	route("/.well-known/jwks.json", webhttp.Methods{http.MethodGet: s.jwks})
	route("/healthz", webhttp.Methods{http.MethodGet: s.healthz})
	route("/readyz", webhttp.Methods{http.MethodGet: s.readyz})
	route("/metrics", webhttp.Methods{http.MethodGet: s.metrics(figures)})
	route("/version", webhttp.Methods{http.MethodGet: s.versionInfo})
	mux.Handle(strings.TrimSuffix(s.base+webhttp.SocketPath, "/"), sockets) // otherwise a redirect, which clients do not follow
	mux.HandleFunc(s.base+webhttp.SocketPath, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != s.base+webhttp.SocketPath {
			s.responder.Refuse(w, r, webhttp.ErrBelowSocket)
			return
		}
		sockets.ServeHTTP(w, r)
	})
	if s.base != "" {
		route("", webhttp.Methods{http.MethodGet: s.toBase})
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { s.responder.Refuse(w, r, webhttp.ErrNotFound) })
	return s.protection.Wrap(mux)
}

// toBase adds the slash that relative links on the login page need.
func (s *Site) toBase(w http.ResponseWriter, r *http.Request) error {
	target := s.base + "/"
	if r.URL.RawQuery != "" {
		target += "?" + r.URL.RawQuery
	}
	http.Redirect(w, r, target, http.StatusPermanentRedirect)
	return nil
}
