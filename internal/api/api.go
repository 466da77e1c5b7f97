package api

import (
	"context"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/turnike/turnike/internal/auth"
	"github.com/turnike/turnike/internal/login"
	"github.com/turnike/turnike/internal/origin"
	"github.com/turnike/turnike/internal/secret"
	"github.com/turnike/turnike/internal/session"
	"github.com/turnike/turnike/internal/tally"
	"github.com/turnike/turnike/internal/token"
)

// RequestIDHeader carries the id that a problem document and the log share.
const RequestIDHeader = "X-Request-Id"

// Config is what the API needs.
type Config struct {
	Auth          *auth.Authenticator
	Core          *session.Core
	Keys          *token.Keyring
	Logins        *login.Service
	Ready         func(context.Context) error // whether the store can be read and written
	Origins       origin.Policy
	BasePath      string                     // that every route is below; "" or one such as /turnike
	Draining      func() bool                // the server is about to stop
	ClientAddress func(*http.Request) string // the client's address, proxies seen through
	MetricsToken  secret.Secret              // grants GET /metrics; unset: there is none
	Version       Version
	Dev           bool // demo accounts exist; the login page says where their passwords are
	Log           *slog.Logger
}

// Version is what GET /version tells.
type Version struct {
	Version string `json:"version"`
	Commit  string `json:"commit,omitempty"`
	Go      string `json:"go"`
}

// API holds the handlers.
type API struct {
	auth          *auth.Authenticator
	core          *session.Core
	keys          *token.Keyring
	logins        *login.Service
	ready         func(context.Context) error
	origins       origin.Policy
	base          string
	draining      func() bool
	clientAddress func(*http.Request) string
	metricsToken  secret.Secret
	version       Version
	pages         *pages
	answered      *tally.Codes
	unready       atomic.Bool // the last readyz has failed for the store's sake
	log           *slog.Logger
}

// New makes the API.
func New(c Config) (*API, error) {
	pages, err := loadPages(c.Version.Version, c.Dev)
	if err != nil {
		return nil, err
	}
	return &API{auth: c.Auth, core: c.Core, keys: c.Keys, logins: c.Logins, ready: c.Ready, origins: c.Origins, base: c.BasePath,
		draining: c.Draining, clientAddress: c.ClientAddress, metricsToken: c.MetricsToken, version: c.Version, pages: pages,
		answered: newAnswered(), log: c.Log}, nil
}

// handler answers a request, or says with an error why it is refused.
type handler func(w http.ResponseWriter, r *http.Request) error

// SocketPath is where sockets connect, with or without the slash at its end.
const SocketPath = "/socket.io/"

// Routes is everything the server answers, all of it in one place and below the
// base path. sockets answers SocketPath, figures who may know them.
func (a *API) Routes(sockets, figures http.Handler) http.Handler {
	mux := http.NewServeMux()
	a.route(mux, "/{$}", methods{http.MethodGet: a.loginPage})
	a.route(mux, "/login-token", methods{http.MethodPost: a.counted(a.login)})
	a.route(mux, "/logout", methods{http.MethodPost: a.logout})
	a.route(mux, "/socket", methods{http.MethodGet: a.toLogin(a.guard(a.consolePage))})
	a.route(mux, "/assets/", methods{http.MethodGet: a.asset})
	a.route(mux, "/favicon.ico", methods{http.MethodGet: a.favicon})
	a.route(mux, "/.well-known/jwks.json", methods{http.MethodGet: a.jwks})
	a.route(mux, "/healthz", methods{http.MethodGet: a.healthz})
	a.route(mux, "/readyz", methods{http.MethodGet: a.readyz})
	a.route(mux, "/metrics", methods{http.MethodGet: a.metrics(figures)})
	a.route(mux, "/version", methods{http.MethodGet: a.versionInfo})
	mux.Handle(strings.TrimSuffix(a.base+SocketPath, "/"), sockets) // else the mux would redirect: clients do not follow
	mux.HandleFunc(a.base+SocketPath, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != a.base+SocketPath {
			a.Refuse(w, r, errBelowSocket)
			return
		}
		sockets.ServeHTTP(w, r)
	})
	if a.base != "" {
		a.route(mux, "", methods{http.MethodGet: a.toBase})
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { a.Refuse(w, r, ErrNotFound) })
	return mux
}

type methods map[string]handler

// toBase adds the slash that relative links on the login page need.
func (a *API) toBase(w http.ResponseWriter, r *http.Request) error {
	target := a.base + "/"
	if r.URL.RawQuery != "" {
		target += "?" + r.URL.RawQuery
	}
	http.Redirect(w, r, target, http.StatusPermanentRedirect)
	return nil
}

// route answers a path below the base path by method; HEAD is answered as GET is.
func (a *API) route(mux *http.ServeMux, pattern string, by methods) {
	var allow []string
	for m := range by {
		allow = append(allow, m)
		if m == http.MethodGet {
			allow = append(allow, http.MethodHead)
		}
	}
	slices.Sort(allow)
	mux.HandleFunc(a.base+pattern, func(w http.ResponseWriter, r *http.Request) {
		method := r.Method
		if method == http.MethodHead {
			method = http.MethodGet
		}
		h, ok := by[method]
		if !ok {
			w.Header().Set("Allow", strings.Join(allow, ", "))
			a.Refuse(w, r, ErrMethodNotAllowed)
			return
		}
		if err := h(w, r); err != nil {
			a.Refuse(w, r, err)
		}
	})
}
