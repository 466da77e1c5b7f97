package metrics

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/turnike/turnike/internal/account"
	"github.com/turnike/turnike/internal/alert"
	"github.com/turnike/turnike/internal/counter"
	"github.com/turnike/turnike/internal/login"
	"github.com/turnike/turnike/internal/realtime"
	"github.com/turnike/turnike/internal/session"
	"github.com/turnike/turnike/internal/site"
	"github.com/turnike/turnike/internal/store"
)

// sources answers with some of everything, on a database with these pools.
func sources(pools []session.Pool, err error) Sources {
	buckets := counter.Latency().Snapshot()
	return Sources{
		Occupancy: func(context.Context) (store.Occupancy, error) {
			return store.Occupancy{Pools: pools, Sessions: 7}, err
		},
		Store:  func() store.Stats { return store.Stats{Breaches: 2, Sizes: buckets, Took: buckets} },
		Hasher: func() account.Stats { return account.Stats{Queued: 3, Waits: buckets} },
		Realtime: func() realtime.Stats {
			return realtime.Stats{Polling: 4, WebSocket: 5, EventsRefused: map[string]uint64{"seat_limit": 6}, Kicks: buckets,
				ConnectsRefused: map[string]uint64{"expired": 1}, RateLimited: map[string]uint64{"replace": 1}, Ends: map[string]uint64{"replaced": 8}}
		},
		Alert:  func() alert.Stats { return alert.Stats{Sent: 1, Failed: 2, Dropped: 3, Queued: 4} },
		Login:  func() login.Stats { return login.Stats{} },
		Site:   func() site.Stats { return site.Stats{Logins: map[string]uint64{"ok": 9}} },
		Panics: func() uint64 { return 1 }, LinesLost: func() uint64 { return 5 }, Foreign: func() uint64 { return 6 },
		Log: slog.New(slog.DiscardHandler),
	}
}

func scrape(t *testing.T, src Sources) string {
	t.Helper()
	w := httptest.NewRecorder()
	New(src).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", "/metrics", nil))
	if w.Code != 200 {
		t.Fatalf("%d: %s", w.Code, w.Body)
	}
	return w.Body.String()
}

func want(t *testing.T, text string, lines ...string) {
	t.Helper()
	for _, line := range lines {
		if !strings.Contains(text, "\n"+line+"\n") {
			t.Errorf("no line %q in\n%s", line, text)
		}
	}
}

// TestS8_Figures: what the sources say is shown; over capacity is what is used
// above a lowered limit.
func TestS8_Figures(t *testing.T) {
	text := scrape(t, sources([]session.Pool{{Name: "default", Limit: 3, Held: 4, Grace: 1}, {Name: "acme", Limit: 9, Offered: 2}}, nil))
	want(t, text, `turnike_seats_used{pool="default"} 5`, `turnike_seats_over_capacity{pool="default"} 2`,
		`turnike_seats_used{pool="acme"} 2`, `turnike_seats_over_capacity{pool="acme"} 0`, `turnike_seats_limit{pool="acme"} 9`,
		`turnike_sessions_live 7`, `turnike_sockets{transport="polling"} 4`, `turnike_sockets{transport="websocket"} 5`,
		`turnike_refusals_total{reason="seat_limit"} 6`, `turnike_logins_total{code="ok"} 9`, `turnike_hashes_queued 3`,
		`turnike_invariant_breaches_total 2`, `turnike_panics_total{part="request"} 1`, `turnike_log_lines_lost_total 5`, `turnike_origins_refused_total 6`, `turnike_store_up 1`, `turnike_mails_sent_total 1`, `turnike_mails_failed_total 2`,
		`turnike_alerts_dropped_total 3`, `turnike_alerts_waiting 4`,
		`turnike_sessions_ended_total{code="replaced"} 8`)
	if strings.Contains(text, "turnike_certificate") {
		t.Error("a certificate without TLS")
	}
}

// TestStoreDown: a scrape says so, and nothing of seats that nobody has read.
func TestStoreDown(t *testing.T) {
	text := scrape(t, sources(nil, errors.New("no disk")))
	want(t, text, `turnike_store_up 0`, `turnike_sockets{transport="polling"} 4`)
	for _, name := range []string{"turnike_seats", "turnike_sessions_live"} {
		if strings.Contains(text, name) {
			t.Errorf("%s without a store", name)
		}
	}
}

// TestStoreCannotBeWritten: it is down, and who is inside is still known.
func TestStoreCannotBeWritten(t *testing.T) {
	src := sources([]session.Pool{{Name: "default", Limit: 3, Held: 2}}, nil)
	src.Store = func() store.Stats { return store.Stats{Down: true} }
	want(t, scrape(t, src), `turnike_store_up 0`, `turnike_seats_used{pool="default"} 2`)
}

// TestPoolsAreBounded: any number of pools makes 1001 values of the label.
func TestPoolsAreBounded(t *testing.T) {
	var pools []session.Pool
	for i := range 2500 {
		pools = append(pools, session.Pool{Name: fmt.Sprint("p", i), Limit: 1, Held: 2})
	}
	text := scrape(t, sources(pools, nil))
	if n := strings.Count(text, "\nturnike_seats_used{"); n != maxPools+1 {
		t.Errorf("%d pools are shown, want %d", n, maxPools+1)
	}
	want(t, text, `turnike_seats_used{pool="p999"} 2`, `turnike_seats_used{pool="_other"} 3000`, `turnike_seats_over_capacity{pool="_other"} 1500`)
	if _, err := account.ParsePool(otherPools); err == nil {
		t.Error("a pool may be called " + otherPools)
	}
}

// names are those of the tables, as Prometheus knows them.
func names() []string {
	var out []string
	for _, m := range values() {
		out = append(out, m.name)
	}
	for _, m := range distributions() {
		out = append(out, m.name+"_bucket", m.name+"_sum", m.name+"_count")
	}
	return out
}

// TestNamesExist: the dashboard and the alerts ask for nothing that is not there,
// and the dashboard shows all there is.
func TestNamesExist(t *testing.T) {
	text := scrape(t, sources([]session.Pool{{Name: "default"}}, nil))
	metric := regexp.MustCompile(`\b(turnike|go|process)_[a-z_]+\b`)
	known := names()
	for _, file := range []string{"../../deploy/grafana/turnike.json", "../../deploy/prometheus/alerts.yml"} {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		used := metric.FindAllString(string(raw), -1)
		if len(used) == 0 {
			t.Errorf("%s uses no metric", file)
		}
		for _, name := range used {
			if !slices.Contains(known, name) && !strings.Contains(text, "\n"+name) {
				t.Errorf("%s uses %s, which nothing shows", file, name)
			}
		}
		if strings.HasSuffix(file, ".json") {
			shown(t, raw)
		}
	}
}

// shown checks that every metric has a place on the dashboard.
func shown(t *testing.T, raw []byte) {
	t.Helper()
	if !json.Valid(raw) {
		t.Fatal("the dashboard is no JSON")
	}
	for _, m := range values() {
		if !strings.Contains(string(raw), m.name+"{") {
			t.Errorf("the dashboard does not show %s", m.name)
		}
	}
	for _, m := range distributions() {
		if !strings.Contains(string(raw), m.name+"_") {
			t.Errorf("the dashboard does not show %s", m.name)
		}
	}
}

// TestDocumented: docs/operations/metrics.md has every metric, with its text.
func TestDocumented(t *testing.T) {
	raw, err := os.ReadFile("../../docs/operations/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	row := func(name string, labels []string, help string) {
		if len(labels) > 0 {
			name += "{" + strings.Join(labels, ",") + "}"
		}
		if line := fmt.Sprintf("| `%s` | %s |", name, help); !strings.Contains(string(raw), line+"\n") {
			t.Errorf("docs/operations/metrics.md has no line\n%s", line)
		}
	}
	for _, m := range values() {
		row(m.name, m.labels, m.help)
	}
	for _, m := range distributions() {
		row(m.name, nil, m.help)
	}
}

// TestSEC64_Profiles: they are there when asked for, and only then.
func TestSEC64_Profiles(t *testing.T) {
	figures := New(sources(nil, nil))
	for debug, status := range map[bool]int{true: 200, false: 404} {
		w := httptest.NewRecorder()
		Routes(figures, debug).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", "/debug/pprof/goroutine?debug=1", nil))
		if w.Code != status {
			t.Errorf("debug %v: %d", debug, w.Code)
		}
	}
}
