package main

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
	"github.com/turnike/turnike/internal/login"
	"github.com/turnike/turnike/internal/realtime"
	"github.com/turnike/turnike/internal/server"
	"github.com/turnike/turnike/internal/session"
	"github.com/turnike/turnike/internal/site"
	"github.com/turnike/turnike/internal/store"
	"github.com/turnike/turnike/internal/systemd"
)

// running is everything that works while the server runs.
type running struct {
	cfg    Config
	opts   ServeOptions
	log    *slog.Logger
	store  store.Store
	books  *logs
	core   *session.Core
	rt     *realtime.Server
	logins *login.Service
	web    *site.Site
	srv    *server.Server
	watch  *server.Server      // of metrics.listen; nil without
	certs  *certificate.Source // nil without TLS
	keys   *liveKeys
	events *eventLog
	alerts *alert.Service // nil while mail.to is empty
	greet  *greeting
}

// runUntilDone serves, says where, and drains when ctx is done.
func runUntilDone(ctx context.Context, r running) error {
	work, stopWork := context.WithCancel(context.WithoutCancel(ctx))
	var wg sync.WaitGroup
	defer wg.Wait()
	defer stopWork()
	wg.Go(func() {
		r.core.Run(work, sweepInterval, session.Retention{Presence: presenceRetention, Audit: r.cfg.Audit.Retention,
			FailedLogins: r.cfg.Audit.FailedLoginRetention})
	})
	wg.Go(func() { r.rt.Run(work) })
	defer started(work, r.logins.Run)() // its last words are events, so it stops before they do
	wg.Go(func() { r.events.run(work) })
	if r.alerts != nil {
		wg.Go(func() { r.alerts.Run(work) })
	}
	wg.Go(func() { trimMemory(work, r.rt.Connections) })
	wg.Go(func() { r.keys.run(work) })
	wg.Go(func() { r.reloadOnHangup(work) })
	wg.Go(func() { r.books.turnUp(work) })
	if r.certs != nil { // now that the port is ours
		if err := r.certs.Start(work); err != nil {
			return errors.Join(err, r.srv.Shutdown(work))
		}
		wg.Go(func() { r.certs.WatchExpiry(work, r.warnExpiry) })
	}
	failed := make(chan error, 2)
	wg.Go(func() { failed <- r.srv.Serve() })
	if r.watch != nil { // to the end: a drain is worth watching
		defer func() { _ = r.watch.Shutdown(stopped()) }() // nobody is owed the rest of a scrape
		wg.Go(func() { failed <- r.watch.Serve() })
		r.log.Info("metrics", "address", r.watch.Addr().String(), "pprof", r.cfg.Metrics.Pprof)
	}

	if err := r.describe(); err != nil {
		return errors.Join(err, r.srv.Shutdown(work))
	}
	// A file that stays behind does no harm: its process id is not the next server's.
	defer func() { _ = os.Remove(filepath.Join(r.cfg.Data, runningFile)) }()
	here := localURL(r.cfg, r.srv.Addr(), "localhost")
	tellOfFewFiles(r.cfg, r.log)
	manager := systemd.Notifier{Log: r.log}
	manager.Ready()
	wg.Go(func() { manager.Watch(work, r.store.Ping) })
	r.log.Info("serving", "address", r.srv.Addr().String(), "url", here, "pid", os.Getpid())
	r.greet.ready(here)

	select {
	case err := <-failed:
		return errors.Join(err, r.srv.Shutdown(work))
	case <-ctx.Done():
	}
	manager.Stopping()
	return r.drain(work, failed)
}

// drain stops in order: first /readyz says so, so that a balancer looks elsewhere,
// and seats stay with their owners; then there is no new work, every connection is
// sent away to come back, and requests under way end.
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

// describe leaves in the data directory what commands need to know.
func (r running) describe() error {
	s := runningServer{PID: os.Getpid(), URL: localURL(r.cfg, r.srv.Addr(), "127.0.0.1"), Version: build().Version, Started: stamp(time.Now())}
	s.describe(r.cfg)
	return s.write(r.cfg.Data)
}

// keepSeats tells the store of the drain, so that no process gives seats away [S7].
func (r running) keepSeats(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	if err := r.core.Drain(ctx); err != nil {
		r.log.Warn("the database does not know of the drain yet; trying again", "error", err)
	}
}

// warnExpiry tells of a certificate that nobody has renewed [SEC-53].
func (r running) warnExpiry(notAfter time.Time) {
	r.log.Warn("the certificate ends soon; renew it", "expires", notAfter)
}

// started runs fn until stop is called, which waits for it.
func started(ctx context.Context, fn func(context.Context)) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() { fn(ctx) })
	return func() {
		cancel()
		wg.Wait()
	}
}

// reloadOnHangup reads the token keys [SEC-23] and the certificate [SEC-53] again
// and opens the access log again at SIGHUP.
func (r running) reloadOnHangup(ctx context.Context) {
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
	for {
		select {
		case <-ctx.Done():
			return
		case <-hangup:
			r.books.reopen()
			r.reloadCertificate()
			r.keys.hangup() // last: it may take a while to close sockets
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
