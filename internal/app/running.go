package app

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/turnike/turnike/internal/alert"
	"github.com/turnike/turnike/internal/certificate"
	"github.com/turnike/turnike/internal/config"
	"github.com/turnike/turnike/internal/login"
	"github.com/turnike/turnike/internal/realtime"
	"github.com/turnike/turnike/internal/server"
	"github.com/turnike/turnike/internal/session"
	"github.com/turnike/turnike/internal/site"
	"github.com/turnike/turnike/internal/store"
	"github.com/turnike/turnike/internal/systemd"
	"github.com/turnike/turnike/internal/wire"
)

// running holds the parts of a running server.
type running struct {
	cfg           config.Config
	opts          Options
	log           *slog.Logger
	lock          Lock
	store         store.Store
	logs          *logs
	core          *session.Core
	rt            *realtime.Server
	logins        *login.Service
	web           *site.Site
	srv           *server.Server
	metricsServer *server.Server      // of metrics.listen; nil without
	certs         *certificate.Source // nil without TLS
	liveKeys      *liveKeys
	events        *eventLog
	alerts        *alert.Service // nil while mail.to is empty
	greet         *greeting
}

// run starts the loops and listeners, prints the address, and drains when ctx is
// done.
func run(ctx context.Context, r running) error {
	work, stopWork := context.WithCancel(context.WithoutCancel(ctx))
	var wg sync.WaitGroup
	defer wg.Wait()
	defer stopWork()
	wg.Go(func() {
		r.core.Run(work, sweepInterval, session.Retention{Presence: presenceRetention, Audit: r.cfg.Audit.Retention,
			FailedLogins: r.cfg.Audit.FailedLoginRetention})
	})
	wg.Go(func() { r.rt.Run(work) })
	defer started(work, r.logins.Run)() // its last output is events, so it stops before the event log
	wg.Go(func() { r.events.run(work) })
	if r.alerts != nil {
		wg.Go(func() { r.alerts.Run(work) })
	}
	wg.Go(func() { trimMemory(work, r.rt.Connections) })
	wg.Go(func() { r.liveKeys.run(work) })
	wg.Go(func() { r.reloadOnHangup(work) })
	wg.Go(func() { r.logs.turnUp(work) })
	if r.certs != nil { // after the port is open
		if err := r.certs.Start(work); err != nil {
			return errors.Join(err, r.srv.Shutdown(work))
		}
		wg.Go(func() { r.certs.WatchExpiry(work, r.warnExpiry) })
	}
	failed := make(chan error, 2)
	wg.Go(func() { failed <- r.srv.Serve() })
	if r.metricsServer != nil { // until the end, so that a drain can be watched
		defer func() { _ = r.metricsServer.Shutdown(stopped()) }() // a scrape may be cut off
		wg.Go(func() { failed <- r.metricsServer.Serve() })
		r.log.Info("metrics", "address", r.metricsServer.Addr().String(), "pprof", r.cfg.Metrics.Pprof)
	}

	if err := r.describe(); err != nil {
		return errors.Join(err, r.srv.Shutdown(work))
	}
	// A file that is left behind is harmless: its process id differs from the next server's.
	defer func() { _ = os.Remove(filepath.Join(r.cfg.Data, RunningFile)) }()
	here := localURL(r.cfg, r.srv.Addr(), "localhost")
	warnOfFewFiles(r.cfg, r.log)
	manager := systemd.Notifier{Log: r.log}
	manager.Ready()
	wg.Go(func() { manager.Watch(work, r.store.Ping) })
	r.log.Info("serving", "address", r.srv.Addr().String(), "url", here, "pid", os.Getpid())
	r.greet.writeReady(here)

	select {
	case err := <-failed:
		return errors.Join(err, r.srv.Shutdown(work))
	case <-ctx.Done():
	}
	manager.Stopping()
	return r.drain(work, failed)
}

// drain stops the server in order. First /readyz fails, so that a load balancer
// chooses another server, and seats stay with their owners. Then no new work is
// accepted, every socket is closed so that its client reconnects, and open requests
// end.
func (r running) drain(work context.Context, failed <-chan error) error {
	r.keepSeats(work)
	r.log.Info("draining", "delay", r.cfg.Server.DrainDelay.String())
	select {
	case err := <-failed:
		return errors.Join(err, r.srv.Shutdown(work))
	case <-time.After(r.cfg.Server.DrainDelay):
	}
	patience := drainPatience + max(0, r.cfg.Server.DrainSpread-usualSpread)
	waiting, cancel := context.WithTimeout(work, patience)
	defer cancel()
	err := errors.Join(r.rt.Drain(waiting), r.srv.Shutdown(waiting))
	if errors.Is(err, context.DeadlineExceeded) {
		r.log.Warn("not everything ended in time", "patience", patience)
		err = nil
	}
	r.log.Info("stopped")
	return err
}

// describe writes the running file, which tells commands about the server.
func (r running) describe() error {
	s := RunningServer{PID: os.Getpid(), URL: localURL(r.cfg, r.srv.Addr(), "127.0.0.1"), Version: r.opts.Build.Version, Started: wire.Timestamp(time.Now())}
	s.Description = r.cfg.Describe()
	return s.Write(r.cfg.Data)
}

// keepSeats notes the drain in the store, so that no process frees or reassigns a
// seat [S7].
func (r running) keepSeats(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	if err := r.core.Drain(ctx); err != nil {
		r.log.Warn("the database does not know of the drain yet; trying again", "error", err)
	}
}

// warnExpiry logs that the certificate expires soon [SEC-53].
func (r running) warnExpiry(notAfter time.Time) {
	r.log.Warn("the certificate ends soon; renew it", "expires", notAfter)
}

// started runs fn until stop is called. stop waits until fn has returned.
func started(ctx context.Context, fn func(context.Context)) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() { fn(ctx) })
	return func() {
		cancel()
		wg.Wait()
	}
}

// reloadOnHangup handles SIGHUP: it opens the access log again and reloads the
// certificate [SEC-53] and the token keys [SEC-23].
func (r running) reloadOnHangup(ctx context.Context) {
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
	for {
		select {
		case <-ctx.Done():
			return
		case <-hangup:
			r.logs.reopen()
			r.reloadCertificate()
			r.liveKeys.hangup() // last: it may take a while to close sockets
		}
	}
}

func (r running) reloadCertificate() {
	if r.certs == nil {
		return
	}
	if err := r.certs.Reload(); err != nil {
		r.log.Error("the certificate was not renewed; the old one is kept", "error", err)
		return
	}
	r.log.Info("certificate reloaded", "expires", r.certs.NotAfter())
}

// stopped returns a context that is already cancelled.
func stopped() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}
