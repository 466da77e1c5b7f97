package metrics

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/turnike/turnike/internal/account"
	"github.com/turnike/turnike/internal/alert"
	"github.com/turnike/turnike/internal/login"
	"github.com/turnike/turnike/internal/realtime"
	"github.com/turnike/turnike/internal/site"
	"github.com/turnike/turnike/internal/store"
)

// Sources are the functions that return the figures.
type Sources struct {
	Occupancy   func(context.Context) (store.Occupancy, error)
	Store       func() store.Stats
	Hasher      func() account.Stats
	Realtime    func() realtime.Stats
	Site        func() site.Stats
	Login       func() login.Stats
	Alert       func() alert.Stats
	Panics      func() uint64    // while serving requests
	LinesLost   func() uint64    // of the log and the access log
	Foreign     func() uint64    // requests refused because of their origin or host
	Certificate func() time.Time // when it expires; nil without TLS
	Version     site.Version
	Log         *slog.Logger
}

// Bounds of a scrape.
const (
	patience = 5 * time.Second // the longest wait for the store
	atOnce   = 4               // scrapes at once; further ones get 503
)

// New returns the handler that answers scrapes.
func New(src Sources) http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(
		collector{src},
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{
		MaxRequestsInFlight: atOnce,
		ErrorLog:            slog.NewLogLogger(src.Log.Handler(), slog.LevelError),
	})
}

// collector reads the sources and reports them by the tables.
type collector struct{ src Sources }

// Describe implements prometheus.Collector.
func (collector) Describe(ch chan<- *prometheus.Desc) {
	for _, m := range values() {
		ch <- m.desc()
	}
	for _, m := range distributions() {
		ch <- m.desc()
	}
}

// Collect implements prometheus.Collector.
func (c collector) Collect(ch chan<- prometheus.Metric) {
	f := c.read()
	for _, m := range values() {
		d := m.desc()
		m.read(f, func(v float64, labels ...string) {
			ch <- prometheus.MustNewConstMetric(d, m.kind, v, labels...)
		})
	}
	for _, m := range distributions() {
		b := m.read(f)
		ch <- prometheus.MustNewConstHistogram(m.desc(), b.Count, b.Sum, b.UpTo)
	}
}

// figures are the answers of all sources.
type figures struct {
	counted  bool // the store could be read; if not, pools and sessions are left out
	up       bool // the store could be read, and can be written
	pools    []pool
	sessions int
	store    store.Stats
	hasher   account.Stats
	realtime realtime.Stats
	site     site.Stats
	login    login.Stats
	alert    alert.Stats
	panics   uint64
	lost     uint64    // log lines
	foreign  uint64    // requests refused because of their origin
	expires  time.Time // zero without TLS
	version  site.Version
}

func (c collector) read() figures {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	f := figures{store: c.src.Store(), hasher: c.src.Hasher(), realtime: c.src.Realtime(), site: c.src.Site(), login: c.src.Login(), alert: c.src.Alert(),
		panics: c.src.Panics(), lost: c.src.LinesLost(), foreign: c.src.Foreign(), version: c.src.Version}
	if c.src.Certificate != nil {
		f.expires = c.src.Certificate()
	}
	o, err := c.src.Occupancy(ctx)
	if err != nil {
		c.src.Log.Warn("seats could not be read for metrics", "error", err)
		return f
	}
	f.counted, f.pools, f.sessions = true, bounded(o.Pools), o.Sessions
	f.up = !f.store.Down
	return f
}
