package e2e

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/turnike/turnike/e2e/harness"
)

const metricsToken = "scrape-6f1d0c5f9d2b4a7e"

// figures holds the samples of a scrape by name and labels.
type figures map[string]float64

var sample = regexp.MustCompile(`(?m)^([a-z_]+(?:\{[^}]*\})?) (\S+)$`)

func readFigures(text string) figures {
	out := figures{}
	for _, m := range sample.FindAllStringSubmatch(text, -1) {
		if v, err := strconv.ParseFloat(m[2], 64); err == nil {
			out[m[1]] = v
		}
	}
	return out
}

// scrape reads the metrics from their own listener.
func scrape(t *testing.T, s *harness.Server, path string) (int, string) {
	t.Helper()
	harness.Eventually(t, "a line says where the metrics are", func() bool { return len(s.Logged("metrics")) > 0 })
	address, _ := s.Logged("metrics")[0]["address"].(string)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }() // read to its end
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(body)
}

// TestMetrics_CountWhatHappens: the next scrape contains a login, a refusal, a full pool
// and a kick, in the format of Prometheus.
func TestMetrics_CountWhatHappens(t *testing.T) {
	t.Parallel()
	s := harness.Start(t, harness.Set("metrics.listen", "127.0.0.1:0"), harness.Set("seat.limit", "2"))
	s.Browser().TryLogin("ali", "Yanlis-parola-1234").Want(401)
	ali := s.Socket(s.Login("ali"))
	ali.Register()
	s.Dial(harness.Dial{Transport: harness.Polling, Token: s.Login("veli")}).Register()
	late := s.Socket(s.Login("ayse"))
	late.Fails("seat_limit", "register_user", map[string]any{})
	s.Must("session", "end", "--user", "ali")
	ali.Ended("session_ended", "ended_by_admin", 4002)
	s.Must("pool", "set", "default", "--limit", "1")

	status, text := scrape(t, s, "/metrics")
	if status != 200 {
		t.Fatalf("%d: %s", status, text)
	}
	got := readFigures(text)
	wanted := figures{
		`turnike_logins_total{code="ok"}`:                     3,
		`turnike_logins_total{code="invalid_credentials"}`:    1,
		`turnike_admissions_total`:                            2,
		`turnike_refusals_total{reason="seat_limit"}`:         1,
		`turnike_sessions_ended_total{code="ended_by_admin"}`: 1,
		`turnike_kick_seconds_count`:                          1,
		`turnike_sessions_live`:                               2,
		`turnike_seats_used{pool="default"}`:                  1,
		`turnike_seats_held{pool="default"}`:                  1,
		`turnike_seats_limit{pool="default"}`:                 1,
		`turnike_seats_over_capacity{pool="default"}`:         0,
		`turnike_sockets{transport="polling"}`:                1,
		`turnike_sockets{transport="websocket"}`:              1,
		`turnike_sockets_unverified`:                          0,
		`turnike_hashes_total`:                                4,
		`turnike_store_up`:                                    1,
		`turnike_invariant_breaches_total`:                    0,
		`turnike_panics_total{part="request"}`:                0,
		`turnike_store_batch_size_count`:                      got[`turnike_store_commit_seconds_count`],
	}
	for name, want := range wanted {
		if v, ok := got[name]; !ok || v != want {
			t.Errorf("%s is %v (there: %v), want %v", name, v, ok, want)
		}
	}
	if left := got["turnike_certificate_expiry_timestamp_seconds"]; left < 1e9 {
		t.Errorf("SEC-53: the certificate expires at %v", left)
	}
	for _, name := range []string{"ali", "veli", "ayse"} {
		if strings.Contains(text, `"`+name+`"`) {
			t.Errorf("%s is a label", name)
		}
	}
	promtool(t, text, "check", "metrics")
	if status, _ := scrape(t, s, "/debug/pprof/"); status != 404 {
		t.Errorf("SEC-64: profiles without having been asked for: %d", status)
	}
	s.Browser().Get("/metrics").Problem(404, "not_found")
}

// TestMetrics_Token: on the main listener, metrics require their own token; a session's
// token is refused.
func TestMetrics_Token(t *testing.T) {
	t.Parallel()
	s := harness.Start(t, harness.Set("metrics.token", metricsToken))
	browser := s.Browser()
	session := browser.Login("ali").Token
	s.Browser().Get("/metrics").Problem(401, "unauthorized")
	browser.Get("/metrics").Problem(401, "unauthorized")
	s.Bearer(session).Get("/metrics").Problem(401, "invalid_token")
	s.Bearer(metricsToken+"x").Get("/metrics").Problem(401, "invalid_token")
	basic := s.Browser()
	basic.Header["Authorization"] = "Basic " + metricsToken
	basic.Get("/metrics").Problem(401, "invalid_token")
	a := s.Bearer(metricsToken).Get("/metrics").Want(200)
	if !strings.Contains(a.Body, "\nturnike_store_up 1\n") || !strings.HasPrefix(a.Header.Get("Content-Type"), "text/plain") {
		t.Errorf("%s\n%s", a.Header.Get("Content-Type"), a.Body)
	}
	s.Bearer(metricsToken).Get("/debug/pprof/").Problem(404, "not_found") // SEC-64
	s.Bearer(metricsToken).Post("/metrics").Problem(405, "method_not_allowed")
	s.Bearer(metricsToken).Get("/socket").Problem(401, "invalid_token") // valid for nothing else
	if strings.Contains(s.Stderr(), metricsToken) || strings.Contains(s.CLI("check").Out, metricsToken) {
		t.Error("SEC-55: the token is shown")
	}
}

// TestSEC64_Pprof: profiles are only on the metrics listener.
func TestSEC64_Pprof(t *testing.T) {
	t.Parallel()
	s := harness.Start(t, harness.Set("metrics.listen", "127.0.0.1:0"), harness.Set("metrics.pprof", "true"),
		harness.Set("metrics.token", metricsToken))
	if status, text := scrape(t, s, "/debug/pprof/goroutine?debug=1"); status != 200 || !strings.Contains(text, "goroutine profile") {
		t.Errorf("%d: %.200s", status, text)
	}
	s.Bearer(metricsToken).Get("/debug/pprof/goroutine").Problem(404, "not_found")
}

// TestAlerts: Prometheus accepts the rules, and each rule fires when it should.
func TestAlerts(t *testing.T) {
	t.Parallel()
	promtool(t, "", "check", "rules", "../deploy/prometheus/alerts.yml")
	promtool(t, "", "test", "rules", "../deploy/prometheus/alerts_test.yml")
}

// promtool runs Prometheus's checker. If it is not installed, the test is skipped,
// except in CI.
func promtool(t *testing.T, stdin string, args ...string) {
	t.Helper()
	if _, err := exec.LookPath("promtool"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Logf("not checked by Prometheus: %v", err)
		return
	}
	cmd := exec.CommandContext(t.Context(), "promtool", args...)
	cmd.Stdin = strings.NewReader(stdin)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		t.Errorf("promtool %s: %v\n%s", strings.Join(args, " "), err, out.String())
	}
}
