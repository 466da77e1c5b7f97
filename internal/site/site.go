package site

import (
	"context"
	"log/slog"
	"net/http"
	"sync/atomic"

	"github.com/turnike/turnike/internal/auth"
	"github.com/turnike/turnike/internal/counter"
	"github.com/turnike/turnike/internal/login"
	"github.com/turnike/turnike/internal/origin"
	"github.com/turnike/turnike/internal/secret"
	"github.com/turnike/turnike/internal/session"
	"github.com/turnike/turnike/internal/token"
	"github.com/turnike/turnike/internal/webhttp"
)

// Config is what the site needs.
type Config struct {
	Auth          *auth.Authenticator
	Core          *session.Core
	Keys          *token.Keyring
	Logins        *login.Service
	Ready         func(context.Context) error // returns nil when the store can be read and written
	Origins       origin.Policy
	Foreign       func(*http.Request)        // see [webhttp.Protection]
	PublicTLS     bool                       // see [webhttp.Protection]
	BasePath      string                     // of all routes: "" or one such as /turnike
	Draining      func() bool                // reports whether the server is about to stop
	ClientAddress func(*http.Request) string // behind trusted proxies
	MetricsToken  secret.Secret              // grants GET /metrics; without it the route does not exist
	Version       Version
	Dev           bool // demo accounts exist: the login page says where their passwords are
	Log           *slog.Logger
}

// Site answers Turnike's own routes.
type Site struct {
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
	protection    webhttp.Protection
	responder     *webhttp.Responder
	answered      *counter.Codes // logins, by the code of the answer
	unready       atomic.Bool    // the store failed at the last GET /readyz
	log           *slog.Logger
}

// New returns the site. It fails when the pages in the binary cannot be read.
func New(c Config) (*Site, error) {
	pages, err := loadPages(c.Version.Version, c.Dev)
	if err != nil {
		return nil, err
	}
	responder := &webhttp.Responder{BasePath: c.BasePath, Log: c.Log}
	return &Site{auth: c.Auth, core: c.Core, keys: c.Keys, logins: c.Logins, ready: c.Ready, origins: c.Origins, base: c.BasePath,
		draining: c.Draining, clientAddress: c.ClientAddress, metricsToken: c.MetricsToken, version: c.Version, pages: pages,
		protection: webhttp.Protection{Responder: responder, Origins: c.Origins, Foreign: c.Foreign, PublicTLS: c.PublicTLS},
		responder:  responder, answered: newAnswered(), log: c.Log}, nil
}

// Panicked answers a request whose handler has panicked.
func (s *Site) Panicked(w http.ResponseWriter, r *http.Request) {
	s.responder.Refuse(w, r, webhttp.ErrInternal)
}
