package main

import (
	"context"
	"log/slog"
	"net/http"
	"sync/atomic"

	"github.com/turnike/turnike/internal/account"
	"github.com/turnike/turnike/internal/alert"
	"github.com/turnike/turnike/internal/certificate"
	"github.com/turnike/turnike/internal/login"
	"github.com/turnike/turnike/internal/metrics"
	"github.com/turnike/turnike/internal/realtime"
	"github.com/turnike/turnike/internal/server"
	"github.com/turnike/turnike/internal/site"
	"github.com/turnike/turnike/internal/store"
	"github.com/turnike/turnike/internal/webhttp"
)

// storeFigures is what /metrics shows of the store.
type storeFigures interface {
	Occupancy(ctx context.Context) (store.Occupancy, error)
	Stats() store.Stats
}

// newMetrics says whom /metrics asks.
func newMetrics(from storeFigures, hasher *account.Hasher, rt *realtime.Server, web *site.Site, logins *login.Service, alerts *alert.Service, panics *atomic.Uint64,
	certs *certificate.Source, linesLost, foreign func() uint64, log *slog.Logger) http.Handler {
	src := metrics.Sources{Occupancy: from.Occupancy, Store: from.Stats, Hasher: hasher.Stats, Realtime: rt.Stats,
		Site: web.Stats, Login: logins.Stats, Alert: alerts.Stats, Panics: panics.Load, LinesLost: linesLost, Foreign: foreign, Version: version(), Log: log}
	if certs != nil {
		src.Certificate = certs.NotAfter
	}
	return metrics.New(src)
}

// listenMetrics opens metrics.listen; nil where it is not set.
func listenMetrics(ctx context.Context, cfg Config, figures http.Handler, log *slog.Logger) (*server.Server, error) {
	if cfg.Metrics.Listen == "" {
		return nil, nil
	}
	s, err := server.Listen(ctx, server.Options{Addr: cfg.Metrics.Listen, IdleTimeout: cfg.Server.IdleTimeout,
		Handler: webhttp.BoundBody(metrics.Routes(figures, cfg.Metrics.Pprof)), Log: log})
	if err != nil {
		return nil, listenError("metrics.listen", cfg.Metrics.Listen, "TURNIKE_METRICS_LISTEN", err)
	}
	return s, nil
}

// stopped is a context that is over.
func stopped() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}
