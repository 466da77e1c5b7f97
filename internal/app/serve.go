package app

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/turnike/turnike/engineio"
	"github.com/turnike/turnike/internal/account"
	"github.com/turnike/turnike/internal/auth"
	"github.com/turnike/turnike/internal/config"
	"github.com/turnike/turnike/internal/logging"
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
	// sweepInterval is how late a deadline may be noticed if no request meets it
	// first [T2].
	sweepInterval = 250 * time.Millisecond
	// presenceRetention is how long events that only presence needs are kept.
	presenceRetention = time.Hour
	// drainPatience is how long a stopping server waits for open connections and
	// requests if it closes the connections within usualSpread.
	drainPatience = 10 * time.Second
	usualSpread   = 2 * time.Second
)

// Serve runs the server until ctx is done. It locks the data directory, opens the
// store, wires what answers requests, and at the end closes everything in the
// opposite order.
func Serve(ctx context.Context, cfg config.Config, opts Options) (err error) {
	logs, err := openLogs(cfg, opts.Stderr, opts.Terminal)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, logs.close()) }()
	log := logs.main
	slog.SetDefault(log) // for libraries that use the default logger
	for _, w := range cfg.Warnings {
		log.Warn(w)
	}
	if config.TooOpen(opts.BootstrapPasswordFile) {
		log.Warn("others can use " + opts.BootstrapPasswordFile + ", the first password; chmod 600 it") // [SEC-55]
	}
	lock, err := LockData(cfg.Data)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Close()) }()

	store, err := OpenStore(ctx, cfg.Data, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	core := session.New(store, cfg.Rules(), log)

	hasher, err := NewHasher(cfg)
	if err != nil {
		return err
	}
	made, err := firstStart(ctx, store, hasher, cfg, opts)
	greet := greeting{opts: opts, data: cfg.Data, ownCA: cfg.TLS.Mode == config.TLSAuto, accounts: made}
	// The accounts are in the database by now, whatever fails below.
	defer greet.writeAccounts()
	if err != nil {
		return err
	}
	if err := configureDefaultPool(ctx, store, core, cfg, log); err != nil {
		return err
	}
	r, err := assemble(ctx, running{cfg: cfg, opts: opts, log: log, logs: logs, lock: lock, store: store, core: core}, hasher)
	if err != nil {
		return err
	}
	r.greet = &greet
	return run(ctx, r)
}

// assemble puts together what answers requests, from the keys up to the listeners. It
// boots the core in between, once everything that follows the events listens.
func assemble(ctx context.Context, r running, hasher *account.Hasher) (running, error) {
	cfg, store, core, log := r.cfg, r.store, r.core, r.log
	keys, err := OpenKeyring(cfg, store.Instance())
	if err != nil {
		return r, err
	}
	certs, tlsConfig, err := openCertificates(cfg, log)
	if err != nil {
		return r, err
	}
	r.certs = certs

	origins := weborigin.Policy{PublicURL: cfg.PublicAddress(), Extra: cfg.SocketIO.AllowedOrigins}
	if certs != nil {
		origins.Covers = certs.Covers
	}
	foreign := &weborigin.Trace{Policy: origins, Log: log, Address: server.ClientAddress(cfg.Server.TrustedProxies)}
	authenticator := auth.New(keys, core)
	epoch := rand.Text()
	r.rt = realtime.New(realtimeConfig(cfg, core, authenticator, store, foreign, epoch, log))
	r.events = newEventLog(log, r.logs.queue.Skip)
	r.alerts, err = openAlerts(ctx, cfg, store, core, certs, log)
	if err != nil {
		return r, err
	}
	r.liveKeys = newLiveKeys(keys, cfg, r.opts.Reload, func() { r.rt.Recheck(ctx) }, log)
	if err := store.Listen(rand.Text(), func(batch []session.Event) {
		r.liveKeys.commit(batch)
		r.rt.Commit(batch) // sockets of ended sessions are closed before anything announces the end [K2]
		r.events.note(batch)
		r.alerts.Wake()
	}); err != nil {
		return r, err
	}
	if err := errors.Join(core.Boot(ctx, epoch), r.lock.Serve()); err != nil {
		return r, err
	}
	r.logins = login.New(login.Config{Core: core, Accounts: accounts{store}, Hasher: hasher, Limits: loginLimits(cfg.RateLimit), Log: log})
	r.web, err = site.New(site.Config{Auth: authenticator, Core: core, Keys: keys, Logins: r.logins, Ready: store.Ready,
		Origins: origins, Foreign: func(r *http.Request) { foreign.Refused(r, false) }, PublicTLS: publicTLS(cfg),
		BasePath: cfg.Server.BasePath, Draining: func() bool { return ctx.Err() != nil },
		ClientAddress: server.ClientAddress(cfg.Server.TrustedProxies), MetricsToken: cfg.Metrics.Token,
		Version: version(r.opts.Build), Dev: r.opts.Dev, Log: log})
	if err != nil {
		return r, err
	}
	opened, err := openedListener(cfg)
	if err != nil {
		return r, err
	}
	chain := middleware(cfg, r.web, r.logs)
	figures := newMetrics(store, hasher, r.rt, r.web, r.logins, r.alerts, chain.Panics, certs, r.logs.lost, foreign.Count, version(r.opts.Build), log)
	r.srv, err = server.Listen(ctx, server.Options{Addr: cfg.Server.Listen, Listener: opened, TLS: tlsConfig, ProxyFrom: cfg.ProxyFrom(),
		IdleTimeout: cfg.Server.IdleTimeout, Handler: chain.Wrap(r.web.Routes(r.rt, figures)), Log: log})
	if err != nil {
		return r, listenError("server.listen", cfg.Server.Listen, "--listen", err)
	}
	r.metricsServer, err = listenMetrics(ctx, cfg, figures, log)
	return r, err
}

// realtimeConfig returns the configuration of the sockets.
func realtimeConfig(cfg config.Config, core *session.Core, a *auth.Authenticator, from store.Overview, foreign *weborigin.Trace,
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
		Limits: socketLimits(cfg.RateLimit, openFiles()), ClientAddress: server.ClientAddress(cfg.Server.TrustedProxies),
		Refuse: func(r *http.Request, status int, code string, retry time.Duration) *engineio.HTTPError {
			if code == webhttp.ErrCrossOrigin.Code {
				foreign.Refused(r, true)
			}
			header, body := webhttp.Document(webhttp.Language(r), status, code, retry)
			return &engineio.HTTPError{Status: status, Header: header, Body: body}
		},
	}
}

// middleware returns the chain that every request passes.
func middleware(cfg config.Config, web *site.Site, l *logs) server.Middleware {
	return server.Middleware{
		TrustedProxies: cfg.Server.TrustedProxies, RequestIDHeader: webhttp.RequestIDHeader, SocketPath: cfg.Server.BasePath + webhttp.SocketPath,
		Log: l.main, Panics: new(atomic.Uint64), Panicked: web.Panicked,
		Access: l.access, ClientAddress: server.ClientAddress(cfg.Server.TrustedProxies),
	}
}

// publicTLS reports whether browsers reach the server over TLS under a public name.
func publicTLS(cfg config.Config) bool {
	public := cfg.PublicAddress()
	return cfg.TLS.Mode == config.TLSFiles || cfg.TLS.Mode == config.TLSACME || (cfg.TLS.Mode == config.TLSOff && public != nil && public.Scheme == "https")
}

// openedListener returns the socket that a service manager opened, or nil. It must be
// as safe as server.listen.
func openedListener(cfg config.Config) (net.Listener, error) {
	l, err := systemd.Listener()
	if err != nil || l == nil {
		return nil, err
	}
	cfg.Server.Listen = l.Addr().String()
	if l.Addr().Network() == "tcp" {
		err = cfg.CheckTLS()
	}
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

// configureDefaultPool sets the configured limit of the pool default, unless
// `turnike pool set` has set another one.
func configureDefaultPool(ctx context.Context, pools store.Pools, core *session.Core, cfg config.Config, log *slog.Logger) error {
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

// localURL returns the URL at which this machine reaches the server, with the base
// path.
func localURL(cfg config.Config, addr net.Addr, anyHost string) string {
	scheme := "https"
	if cfg.TLS.Mode == config.TLSOff {
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

// accounts adapts the store to login.Accounts.
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

// version returns what the routes and the metrics say about the binary.
func version(b Build) site.Version {
	return site.Version{Version: b.Version, Commit: b.Revision, Go: b.Go}
}

// Options are what a run of the server needs besides its configuration.
type Options struct {
	Dev                   bool
	BootstrapPasswordFile string                        // "" for none: admin gets a random password, which is printed
	Reload                func() (config.Config, error) // loads the configuration again, at SIGHUP
	Stdout                io.Writer
	Stderr                *logging.Queue
	Terminal              bool   // the log is shown on a terminal
	Program               string // the name it was called by, for command lines to copy
	Build                 Build
}

// Build is what the binary knows of its own making.
type Build struct {
	Version  string // of the module, "(devel)" out of a working tree
	Revision string // of the source, "" where it was not recorded
	Go       string // the compiler's version
}
