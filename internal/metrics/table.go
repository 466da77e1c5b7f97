package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/turnike/turnike/internal/counter"
)

// value is a counter or a gauge.
type value struct {
	name, help string
	kind       prometheus.ValueType
	labels     []string
	read       func(f figures, show func(v float64, labels ...string))
}

func (m value) desc() *prometheus.Desc { return prometheus.NewDesc(m.name, m.help, m.labels, nil) }

// distribution is a histogram.
type distribution struct {
	name, help string
	read       func(figures) counter.Buckets
}

func (m distribution) desc() *prometheus.Desc { return prometheus.NewDesc(m.name, m.help, nil, nil) }

func gauge(name, help string, read func(figures) float64) value {
	return value{name: name, help: help, kind: prometheus.GaugeValue,
		read: func(f figures, show func(float64, ...string)) { show(read(f)) }}
}

func total(name, help string, read func(figures) float64) value {
	m := gauge(name, help, read)
	m.kind = prometheus.CounterValue
	return m
}

// perPool returns a gauge with one value per pool.
func perPool(name, help string, read func(pool) int) value {
	return value{name: name, help: help, kind: prometheus.GaugeValue, labels: []string{"pool"},
		read: func(f figures, show func(float64, ...string)) {
			for _, p := range f.pools {
				show(float64(read(p)), p.name)
			}
		}}
}

// byCode returns a counter with one value per code.
func byCode(name, label, help string, read func(figures) map[string]uint64) value {
	return value{name: name, help: help, kind: prometheus.CounterValue, labels: []string{label},
		read: func(f figures, show func(float64, ...string)) {
			for code, n := range read(f) {
				show(float64(n), code)
			}
		}}
}

// values returns all counters and gauges.
func values() []value {
	return append(append(occupancy(), traffic()...), machinery()...)
}

func occupancy() []value {
	return []value{
		perPool("turnike_seats_limit", "Seats of the pool.", func(p pool) int { return p.limit }),
		perPool("turnike_seats_used", "Seats that are taken: held, in grace and offered.",
			func(p pool) int { return p.held + p.grace + p.offered }),
		perPool("turnike_seats_held", "Seats whose user is inside.", func(p pool) int { return p.held }),
		perPool("turnike_seats_grace", "Seats that wait for their user to come back.", func(p pool) int { return p.grace }),
		perPool("turnike_seats_offered", "Seats that are offered to users in the queue.", func(p pool) int { return p.offered }),
		perPool("turnike_seats_over_capacity", "Seats taken above a limit that was lowered.", func(p pool) int { return p.excess }),
		{name: "turnike_sessions_live", help: "Sessions that are live.", kind: prometheus.GaugeValue,
			read: func(f figures, show func(float64, ...string)) {
				if f.counted {
					show(float64(f.sessions))
				}
			}},
		{name: "turnike_sockets", help: "Open connections, by transport.", kind: prometheus.GaugeValue, labels: []string{"transport"},
			read: func(f figures, show func(float64, ...string)) {
				show(float64(f.realtime.Polling), "polling")
				show(float64(f.realtime.WebSocket), "websocket")
			}},
		gauge("turnike_sockets_unverified", "Open connections whose session is not known.",
			func(f figures) float64 { return float64(f.realtime.Unverified) }),
	}
}

func traffic() []value {
	return []value{
		byCode("turnike_logins_total", "code", "Answers to POST /login-token, by code; ok opened a session.",
			func(f figures) map[string]uint64 { return f.site.Logins }),
		byCode("turnike_logins_throttled_total", "code", "Logins turned away unchecked, by the limit: account, device, network or global.",
			func(f figures) map[string]uint64 { return f.login.Throttled }),
		byCode("turnike_sessions_ended_total", "code", "Sessions that ended, by code.",
			func(f figures) map[string]uint64 { return f.realtime.Ends }),
		total("turnike_admissions_total", "Registrations that were let inside.",
			func(f figures) float64 { return float64(f.realtime.Admissions) }),
		byCode("turnike_refusals_total", "reason", "Refused events, by code; seat_limit and seat_lost are registrations without a seat.",
			func(f figures) map[string]uint64 { return f.realtime.EventsRefused }),
		byCode("turnike_connects_refused_total", "reason", "Refused CONNECT packets, by code.",
			func(f figures) map[string]uint64 { return f.realtime.ConnectsRefused }),
		byCode("turnike_rate_limited_total", "kind", "What was refused because it came too often.",
			func(f figures) map[string]uint64 { return f.realtime.RateLimited }),
		total("turnike_origins_refused_total", "Requests refused because of their origin or host.",
			func(f figures) float64 { return float64(f.foreign) }),
		total("turnike_slow_consumers_total", "Connections closed because they did not keep up.",
			func(f figures) float64 { return float64(f.realtime.SlowConsumers) }),
		gauge("turnike_queue_bytes", "Bytes that wait for slow peers, all connections together.",
			func(f figures) float64 { return float64(f.realtime.Queued) }),
		gauge("turnike_leaves_waiting", "Connections that are gone and that the database does not know of yet.",
			func(f figures) float64 { return float64(f.realtime.Leaves) }),
	}
}

func machinery() []value {
	return []value{
		gauge("turnike_hashes_running", "Password hashes being computed.", func(f figures) float64 { return float64(f.hasher.Running) }),
		gauge("turnike_hashes_queued", "Logins that wait for their hash.", func(f figures) float64 { return float64(f.hasher.Queued) }),
		total("turnike_hashes_total", "Password hashes computed.", func(f figures) float64 { return float64(f.hasher.Hashes) }),
		total("turnike_hashes_refused_total", "Logins turned away with login_busy.", func(f figures) float64 { return float64(f.hasher.Busy) }),
		gauge("turnike_store_up", "Whether the database could be read for this scrape and can be written.", func(f figures) float64 { return truth(f.up) }),
		gauge("turnike_store_queue", "Changes that wait to be written.", func(f figures) float64 { return float64(f.store.Queue) }),
		total("turnike_store_queue_full_total", "Changes refused because the queue was full.",
			func(f figures) float64 { return float64(f.store.Full) }),
		total("turnike_store_requests_total", "Changes written or refused.", func(f figures) float64 { return float64(f.store.Requests) }),
		total("turnike_store_commits_total", "Transactions committed.", func(f figures) float64 { return float64(f.store.Commits) }),
		total("turnike_store_failures_total", "Batches of changes of which nothing was written.",
			func(f figures) float64 { return float64(f.store.Failed) }),
		total("turnike_store_busy_total", "Times another process held the database for long.",
			func(f figures) float64 { return float64(f.store.Busy) }),
		total("turnike_invariant_breaches_total", "Changes refused because they would have broken an invariant; each is a defect.",
			func(f figures) float64 { return float64(f.store.Breaches) }),
		{name: "turnike_panics_total", help: "Panics that were contained, by part; each is a defect.",
			kind: prometheus.CounterValue, labels: []string{"part"},
			read: func(f figures, show func(float64, ...string)) {
				show(float64(f.panics), "request")
				show(float64(f.realtime.Panics), "realtime")
				show(float64(f.store.Panics), "store")
			}},
		total("turnike_log_lines_lost_total", "Lines of the log and of the access log that were dropped because no reader took them.",
			func(f figures) float64 { return float64(f.lost) }),
		total("turnike_mails_sent_total", "Mails that the SMTP server has accepted.", func(f figures) float64 { return float64(f.alert.Sent) }),
		total("turnike_mails_failed_total", "Tries to send a mail that failed.", func(f figures) float64 { return float64(f.alert.Failed) }),
		gauge("turnike_alerts_waiting", "Alerts that wait to be mailed.", func(f figures) float64 { return float64(f.alert.Queued) }),
		total("turnike_alerts_dropped_total", "Alerts that were not delivered: the SMTP server refused the mail for good.",
			func(f figures) float64 { return float64(f.alert.Dropped) }),
		{name: "turnike_certificate_expiry_timestamp_seconds", help: "When the certificate in use expires; absent without TLS.",
			kind: prometheus.GaugeValue, read: func(f figures, show func(float64, ...string)) {
				if !f.expires.IsZero() {
					show(float64(f.expires.Unix()))
				}
			}},
		{name: "turnike_build_info", help: "Always 1; which build runs.", kind: prometheus.GaugeValue,
			labels: []string{"version", "commit", "goversion"}, read: func(f figures, show func(float64, ...string)) {
				show(1, f.version.Version, f.version.Commit, f.version.Go)
			}},
	}
}

// distributions returns all histograms.
func distributions() []distribution {
	return []distribution{
		{"turnike_kick_seconds", "From the end of a session to the last words of each of its sockets.",
			func(f figures) counter.Buckets { return f.realtime.Kicks }},
		{"turnike_hash_wait_seconds", "How long logins waited for their hash.",
			func(f figures) counter.Buckets { return f.hasher.Waits }},
		{"turnike_store_commit_seconds", "How long the database took to make a batch durable.",
			func(f figures) counter.Buckets { return f.store.Took }},
		{"turnike_store_batch_size", "Changes written in one transaction.",
			func(f figures) counter.Buckets { return f.store.Sizes }},
	}
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
