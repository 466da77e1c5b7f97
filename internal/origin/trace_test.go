package origin

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// traced returns a Trace and what it logs.
func traced(p Policy) (*Trace, func() []map[string]any) {
	var log bytes.Buffer
	trace := &Trace{Policy: p, Log: slog.New(slog.NewJSONHandler(&log, nil)), Address: func(*http.Request) string { return "192.0.2.9" }}
	return trace, func() (lines []map[string]any) {
		for line := range strings.Lines(log.String()) {
			var l map[string]any
			if json.Unmarshal([]byte(line), &l) == nil {
				lines = append(lines, l)
			}
		}
		return lines
	}
}

// TestSEC32_TraceNamesTheKey checks that the line of a refused request names the setting
// to look at.
func TestSEC32_TraceNamesTheKey(t *testing.T) {
	public, err := url.Parse("https://turnike.example.com")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		target, origin string
		header         map[string]string
		public         *url.URL
		socket         bool
		key, own       string
	}{
		"a name on the LAN":        {"https://server.lan:5000/", "https://server.lan:5000", nil, nil, false, "server.public_url", ""},
		"another name":             {"https://server.lan/", "https://server.lan", nil, public, true, "server.public_url", "https://turnike.example.com"},
		"TLS ends at a proxy":      {"http://localhost:5000/", "https://localhost:5000", nil, nil, false, "server.public_url", "http://localhost:5000"},
		"a proxy not trusted":      {"http://localhost:5000/", "https://localhost:5000", map[string]string{"X-Forwarded-Proto": "https"}, nil, false, "server.trusted_proxies", "http://localhost:5000"},
		"its host":                 {"http://localhost:5000/", "https://turnike.example.com", map[string]string{"X-Forwarded-Host": "turnike.example.com"}, nil, true, "server.trusted_proxies", "http://localhost:5000"},
		"a proxy that renames":     {"http://localhost:5000/", "https://turnike.example.com", nil, public, false, "server.trusted_proxies", "http://localhost:5000"},
		"no Host":                  {"http:///", "https://turnike.example.com", nil, public, false, "server.trusted_proxies", "https://turnike.example.com"},
		"another site's socket":    {"https://turnike.example.com/", "https://app.example.com", nil, public, true, "socketio.allowed_origins", "https://turnike.example.com"},
		"another site's login":     {"https://turnike.example.com/", "https://app.example.com", nil, public, false, "server.public_url", "https://turnike.example.com"},
		"no origin, unknown host":  {"https://server.lan/", "", nil, nil, true, "server.public_url", ""},
		"a script in a sandbox":    {"https://turnike.example.com/", "null", nil, public, true, "socketio.allowed_origins", "https://turnike.example.com"},
		"a proxy, another site":    {"http://localhost/", "https://app.example.com", map[string]string{"X-Forwarded-For": "192.0.2.1"}, nil, true, "socketio.allowed_origins", "http://localhost"},
		"a program's own":          {"https://turnike.example.com/", "http://turnike.example.com", nil, public, true, "socketio.allowed_origins", "https://turnike.example.com"},
		"a site with another port": {"https://turnike.example.com/", "https://turnike.example.com:8443", nil, public, true, "socketio.allowed_origins", "https://turnike.example.com"},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequestWithContext(t.Context(), "POST", c.target, nil)
			if name == "no Host" {
				r.Host = ""
			}
			if strings.HasPrefix(c.target, "https") {
				r = r.WithContext(WithScheme(r.Context(), "https"))
			}
			if c.origin != "" {
				r.Header.Set("Origin", c.origin)
			}
			for key, value := range c.header {
				r.Header.Set(key, value)
			}
			trace, lines := traced(Policy{PublicURL: c.public})
			trace.Refused(r, c.socket)
			l := lines()
			if len(l) != 1 || l[0]["key"] != c.key || l[0]["origin"] != c.origin || l[0]["own"] != c.own || l[0]["remote"] != "192.0.2.9" ||
				!strings.Contains(fmt.Sprint(l[0]["mend"]), c.key) && l[0]["key"] != "" {
				t.Errorf("%v", l)
			}
		})
	}
}

// TestSEC32_TraceIsThrottled: the same refusal makes a line a minute, any number of
// others five; none is forgotten.
func TestSEC32_TraceIsThrottled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		trace, lines := traced(Policy{})
		refuse := func(origin string) {
			r := httptest.NewRequestWithContext(t.Context(), "POST", "https://server.lan/", nil)
			r.Header.Set("Origin", origin)
			trace.Refused(r, false)
		}
		for range 100 {
			refuse("https://server.lan")
		}
		for i := range 100 {
			refuse(fmt.Sprintf("https://evil%d.example", i))
		}
		if n := len(lines()); n != traceMost || trace.Count() != 200 {
			t.Errorf("%d lines for %d refusals", n, trace.Count())
		}
		time.Sleep(traceEvery)
		refuse("https://server.lan")
		all := lines()
		more := 0.0
		for _, l := range all {
			more += l["more"].(float64)
		}
		if len(all) != traceMost+1 || more+float64(len(all)) != 201 {
			t.Errorf("%d lines that tell of %v more", len(all), more)
		}
	})
}
