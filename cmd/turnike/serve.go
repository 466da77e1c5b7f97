package main

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/turnike/turnike/engineio"
	"github.com/turnike/turnike/internal/account"
	"github.com/turnike/turnike/internal/auth"
	"github.com/turnike/turnike/internal/certificate"
	"github.com/turnike/turnike/internal/login"
	weborigin "github.com/turnike/turnike/internal/origin"
	"github.com/turnike/turnike/internal/presence"
	"github.com/turnike/turnike/internal/realtime"
	"github.com/turnike/turnike/internal/server"
	"github.com/turnike/turnike/internal/session"
	"github.com/turnike/turnike/internal/site"
	"github.com/turnike/turnike/internal/store"
	"github.com/turnike/turnike/internal/systemd"
	"github.com/turnike/turnike/internal/webhttp"
)

const (
	// sweepInterval is how late a deadline may be noticed when no request meets
	// it first [T2].
	sweepInterval = 250 * time.Millisecond
	// presenceRetention is how long events that only presence needs are kept.
	presenceRetention = time.Hour
	// drainPatience is how long a stopping server waits for connections and
	// requests under way, closing the former within usualSpread.
	drainPatience = 10 * time.Second
	usualSpread   = 2 * time.Second
)

// serve runs the server until ctx is done. It reads from top to bottom: the
// directory is locked, the store begins its run, what answers is put together,
// and at the end everything is taken down in the opposite order.
func serve(ctx context.Context, cfg Config, opts ServeOptions) (err error) {
	books, err := openLogs(cfg, opts.Stderr, opts.Terminal)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, books.close()) }()
	log := books.main
	slog.SetDefault(log) // for what libraries say by themselves
	for _, w := range cfg.Warnings {
		log.Warn(w)
	}
	if tooOpen(opts.BootstrapPasswordFile) {
		log.Warn("others can use " + opts.BootstrapPasswordFile + ", the first password; chmod 600 it") // [SEC-55]
	}
	lock, err := lockData(cfg.Data)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Close()) }()

	store, err := openStore(ctx, cfg.Data, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	core := session.New(store, cfg.rules(), log)

	hasher, err := newHasher(cfg)
	if err != nil {
		return err
	}
	made, err := firstStart(ctx, store, hasher, cfg, opts)
	greet := greeting{opts: opts, data: cfg.Data, ownCA: cfg.TLS.Mode == TLSAuto, accounts: made}
	// Whatever fails below, the accounts are in the database by now.
	defer greet.tellAccounts()
	if err != nil {
		return err
	}
	if err := configureDefaultPool(ctx, store, core, cfg, log); err != nil {
		return err
	}
	r, err := assemble(ctx, running{cfg: cfg, opts: opts, log: log, books: books, store: store, core: core}, hasher)
	if err != nil {
		return err
	}
	r.greet = &greet
	return runUntilDone(ctx, r)
}

// assemble puts together what answers: from the bottom, the keys, to the top, the
// listeners. The server is booted in between, when everybody who has to hear of
// what happens listens.
func assemble(ctx context.Context, r running, hasher *account.Hasher) (running, error) {
	cfg, store, core, log := r.cfg, r.store, r.core, r.log
	keys, err := openKeyring(cfg, store.Instance())
	if err != nil {
		return r, err
	}
	certs, tlsConfig, err := openCertificates(cfg, log)
	if err != nil {
		return r, err
	}
	r.certs = certs

	origins := weborigin.Policy{PublicURL: publicAddress(cfg), Extra: cfg.SocketIO.AllowedOrigins}
	if certs != nil {
		origins.Covers = certs.Covers
	}
	foreign := &weborigin.Trace{Policy: origins, Log: log, Address: server.ClientAddress(cfg.Server.TrustedProxies)}
	authenticator := auth.New(keys, core)
	epoch := rand.Text()
	r.rt = realtime.New(realtimeConfig(cfg, core, authenticator, store, foreign, epoch, log))
	r.events = newEventLog(log, r.books.queue.Skip)
	r.alerts, err = openAlerts(ctx, cfg, store, core, certs, log)
	if err != nil {
		return r, err
	}
	r.keys = newLiveKeys(keys, cfg, r.opts.Reload, func() { r.rt.Recheck(ctx) }, log)
	if err := store.Listen(rand.Text(), func(batch []session.Event) {
		r.keys.commit(batch)
		r.rt.Commit(batch) // sockets that are over are ended before anything is told of it [K2]
		r.events.note(batch)
		r.alerts.Wake()
	}); err != nil {
		return r, err
	}
	if err := core.Boot(ctx, epoch); err != nil {
		return r, err
	}
	r.logins = login.New(login.Config{Core: core, Accounts: accounts{store}, Hasher: hasher, Limits: cfg.RateLimit.logins(), Log: log})
	r.web, err = site.New(site.Config{Auth: authenticator, Core: core, Keys: keys, Logins: r.logins, Ready: store.Ready,
		Origins: origins, Foreign: func(r *http.Request) { foreign.Refused(r, false) }, PublicTLS: publicTLS(cfg),
		BasePath: cfg.Server.BasePath, Draining: func() bool { return ctx.Err() != nil },
		ClientAddress: server.ClientAddress(cfg.Server.TrustedProxies), MetricsToken: cfg.Metrics.Token,
		Version: version(), Dev: r.opts.Dev, Log: log})
	if err != nil {
		return r, err
	}
	opened, err := openedListener(cfg)
	if err != nil {
		return r, err
	}
	chain := middleware(cfg, r.web, r.books)
	figures := newMetrics(store, hasher, r.rt, r.web, r.logins, r.alerts, chain.Panics, certs, r.books.lost, foreign.Count, log)
	r.srv, err = server.Listen(ctx, server.Options{Addr: cfg.Server.Listen, Listener: opened, TLS: tlsConfig, ProxyFrom: cfg.proxyFrom(),
		IdleTimeout: cfg.Server.IdleTimeout, Handler: chain.Wrap(r.web.Routes(r.rt, figures)), Log: log})
	if err != nil {
		return r, listenError("server.listen", cfg.Server.Listen, "--listen", err)
	}
	r.watch, err = listenMetrics(ctx, cfg, figures, log)
	return r, err
}

// realtimeConfig is what the sockets need.
func realtimeConfig(cfg Config, core *session.Core, a *auth.Authenticator, from store.Overview, foreign *weborigin.Trace,
	epoch string, log *slog.Logger) realtime.Config {
	return realtime.Config{
		Core: core, Auth: a, Origins: foreign.Policy, Epoch: epoch, Log: log,
		Snapshot: func(ctx context.Context, id session.PoolID) (presence.Snapshot, error) {
			pool, seats, err := from.Snapshot(ctx, id)
			snap := presence.Snapshot{Pool: pool, Entries: make([]presence.Entry, len(seats))}
			for i, e := range seats {
				snap.Entries[i] = presence.Entry(e)
			}
			return snap, err
		},
		Visibility: cfg.Presence.Visibility, NamesUpTo: cfg.Presence.NamesUpTo,
		DrainSpread:  cfg.Server.DrainSpread,
		PingInterval: cfg.SocketIO.PingInterval, PingTimeout: cfg.SocketIO.PingTimeout,
		ConnectTimeout: cfg.SocketIO.ConnectTimeout, RegisterTimeout: cfg.SocketIO.RegisterTimeout,
		MaxPayload: cfg.SocketIO.MaxPayload, Transports: cfg.SocketIO.Transports,
		Limits: cfg.RateLimit.limits(openFiles()), ClientAddress: server.ClientAddress(cfg.Server.TrustedProxies),
		Refuse: func(r *http.Request, status int, code string, retry time.Duration) *engineio.HTTPError {
			if code == webhttp.ErrCrossOrigin.Code {
				foreign.Refused(r, true)
			}
			header, body := webhttp.Document(webhttp.Language(r), status, code, retry)
			return &engineio.HTTPError{Status: status, Header: header, Body: body}
		},
	}
}

// middleware is what every request passes.
func middleware(cfg Config, web *site.Site, books *logs) server.Middleware {
	return server.Middleware{
		TrustedProxies: cfg.Server.TrustedProxies, RequestIDHeader: webhttp.RequestIDHeader, SocketPath: cfg.Server.BasePath + webhttp.SocketPath,
		Log: books.main, Panics: new(atomic.Uint64), Panicked: web.Panicked,
		Access: books.access, ClientAddress: server.ClientAddress(cfg.Server.TrustedProxies),
	}
}

// publicTLS reports whether browsers reach the server over TLS under a public name.
func publicTLS(cfg Config) bool {
	public := publicAddress(cfg)
	return cfg.TLS.Mode == TLSFiles || cfg.TLS.Mode == TLSACME || (cfg.TLS.Mode == TLSOff && public != nil && public.Scheme == "https")
}

// openedListener is the socket that a service manager opened, nil without one. It
// has to be as safe as server.listen.
func openedListener(cfg Config) (net.Listener, error) {
	l, err := systemd.Listener()
	if err != nil || l == nil {
		return nil, err
	}
	cfg.Server.Listen = l.Addr().String()
	if l.Addr().Network() == "tcp" {
		err = cfg.checkTLS()
	}
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

// configureDefaultPool gives the pool default the configured limit, unless an
// operator has set another one.
func configureDefaultPool(ctx context.Context, pools store.Pools, core *session.Core, cfg Config, log *slog.Logger) error {
	pool, err := pools.PoolByName(ctx, store.DefaultPool)
	if err != nil {
		return err
	}
	if pool.LimitSet && pool.Limit != cfg.Seat.Limit {
		log.Warn("the pool's limit was set by `turnike pool set` and wins over seat.limit",
			"pool", pool.Name, "limit", pool.Limit, "seat.limit", cfg.Seat.Limit)
	}
	return core.ChangePool(ctx, session.ByConfig(), pool.ID, session.PoolChange{Limit: &cfg.Seat.Limit, Configured: true})
}

// openCertificates makes or reads the certificate; nil where TLS is off.
func openCertificates(cfg Config, log *slog.Logger) (*certificate.Source, *tls.Config, error) {
	if cfg.TLS.Mode == TLSOff {
		return nil, nil, nil
	}
	failed := func(err error) { log.Error("the certificate was not renewed; the old one is kept", "error", err) }
	var source *certificate.Source
	var err error
	switch cfg.TLS.Mode {
	case TLSFiles:
		source, err = certificate.Files(cfg.TLS.CertFile, cfg.TLS.KeyFile, failed)
	case TLSACME:
		source, err = acmeSource(cfg, log)
	default:
		hosts := certificate.Hosts()
		if u := publicAddress(cfg); u != nil {
			hosts = certificate.Hosts(u.Hostname())
		}
		source, err = certificate.Local(filepath.Join(cfg.Data, "tls"), hosts, failed)
	}
	if err != nil {
		return nil, nil, err
	}
	return source, source.Config(), nil
}

// publicAddress is server.public_url, nil when there is none.
func publicAddress(cfg Config) *url.URL {
	if cfg.Server.PublicURL == "" {
		return nil
	}
	u, err := url.Parse(cfg.Server.PublicURL)
	if err != nil {
		return nil // the configuration has refused it before
	}
	return u
}

// localURL is where this machine reaches the server, with its base path.
func localURL(cfg Config, addr net.Addr, anyHost string) string {
	scheme := "https"
	if cfg.TLS.Mode == TLSOff {
		scheme = "http"
	}
	host, port, err := net.SplitHostPort(addr.String())
	if err != nil {
		return scheme + "://" + addr.String() + cfg.Server.BasePath
	}
	if ip := net.ParseIP(host); ip == nil || ip.IsUnspecified() {
		host = anyHost
	}
	if h, _, err := net.SplitHostPort(cfg.Server.Listen); err == nil && h == "localhost" {
		host = h
	}
	return scheme + "://" + net.JoinHostPort(host, port) + cfg.Server.BasePath
}

// accounts is the store as logins see it.
type accounts struct{ store.Store }

// PoolName implements login.Accounts.
func (a accounts) PoolName(ctx context.Context, id session.PoolID) (string, error) {
	pools, err := a.Pools(ctx)
	if err != nil {
		return "", err
	}
	for _, p := range pools {
		if p.ID == id {
			return p.Name, nil
		}
	}
	return "", session.ErrNoPool
}

// version is what the binary tells of itself.
func version() site.Version {
	b := build()
	return site.Version{Version: b.Version, Commit: b.Revision, Go: b.Go}
}
