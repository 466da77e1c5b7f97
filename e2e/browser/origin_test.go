package browser_test

import (
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"sync"
	"testing"

	"github.com/turnike/turnike/e2e/harness"
)

// front is a proxy in front of a server that records what a browser sends.
type front struct {
	proxy *httputil.ReverseProxy
	mu    sync.Mutex // guards seen
	seen  []sent
}

// sent is one request of a browser with the server's answer.
type sent struct {
	Page   string `json:"page"` // the page that caused it
	Way    string `json:"way"`  // how the page caused it
	Method string `json:"method"`
	Socket bool   `json:"socket"` // a websocket's handshake
	Origin string `json:"origin"`
	Cookie bool   `json:"cookie"`
	Site   string `json:"site"` // Sec-Fetch-Site
	Status int    `json:"status"`
}

// ServeHTTP forwards and records requests; GET /seen returns the record.
func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/seen" {
		f.mu.Lock()
		defer f.mu.Unlock()
		_ = json.NewEncoder(w).Encode(f.seen) // the journey would notice
		return
	}
	f.proxy.ServeHTTP(w, r)
}

// note records an answered request of the journey.
func (f *front) note(res *http.Response) error {
	r := res.Request
	q := r.URL.Query()
	if q.Get("way") == "" {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.seen = append(f.seen, sent{Page: q.Get("page"), Way: q.Get("way"), Method: r.Method, Socket: r.Header.Get("Upgrade") != "",
		Origin: r.Header.Get("Origin"), Cookie: r.Header.Get("Cookie") != "", Site: r.Header.Get("Sec-Fetch-Site"), Status: res.StatusCode})
	return nil
}

// before starts a front for a server.
func before(t *testing.T, s *harness.Server) (*front, *httptest.Server) {
	t.Helper()
	to, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	f := &front{}
	f.proxy = &httputil.ReverseProxy{
		Rewrite:        func(p *httputil.ProxyRequest) { p.Out.URL.Scheme, p.Out.URL.Host = to.Scheme, to.Host },
		Transport:      &http.Transport{TLSClientConfig: s.TLS()},
		ModifyResponse: f.note,
	}
	return f, serve(t, f, true)
}

// serve serves until the test ends. What a browser does to connections is not said.
func serve(t *testing.T, h http.Handler, secure bool) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	if secure {
		s.StartTLS()
	} else {
		s.Start()
	}
	t.Cleanup(s.Close)
	return s
}

// evil is another site: an empty page, and redirects that keep the method.
func evil(w http.ResponseWriter, r *http.Request) {
	if to := r.URL.Query().Get("to"); to != "" {
		http.Redirect(w, r, to, http.StatusTemporaryRedirect)
		return
	}
	if report := r.URL.Query().Get("report"); report != "" {
		w.Header().Set("Content-Security-Policy", "img-src 'none'; report-uri "+report)
	}
	w.Header().Set("Content-Type", "text/html")
	_, _ = io.WriteString(w, "<!doctype html><title>evil</title><body>") // the journey would notice
}

// TestSEC32_NoBrowserComesWithoutOrigin: other sites make Chromium send requests with
// the cookie of a logged-in user. Every POST and every websocket has an Origin, so a
// request without one is from a program. None is accepted, even if the secret id of the
// user's connection is known.
func TestSEC32_NoBrowserComesWithoutOrigin(t *testing.T) {
	// Not parallel: it keeps all cores busy, and its requests have deadlines.
	s := harness.Start(t)
	f, target := before(t, s)
	secure, plain := serve(t, http.HandlerFunc(evil), true), serve(t, http.HandlerFunc(evil), false)
	b := s.Browser()
	b.Login("ali")
	k := s.Open(harness.Dial{Transport: harness.Polling, Cookie: b.CookieHeader()})

	told := worldOf(s)
	told.Attack = &attack{Target: target.URL, SID: k.Open.SID, Cookie: b.Cookies[harness.SessionCookie], Secure: secure.URL, Plain: plain.URL}
	journey(t, told, "other-sites", nil)

	f.mu.Lock()
	defer f.mu.Unlock()
	withCookie := map[bool]int{}
	for _, r := range f.seen {
		what := fmt.Sprintf("%+v", r)
		if r.Method == http.MethodGet && !r.Socket {
			if r.Cookie && r.Status != http.StatusForbidden {
				t.Error("a GET with the cookie is answered:", what)
			}
			continue
		}
		withCookie[r.Cookie]++
		if r.Origin == "" {
			t.Error("no Origin:", what)
		}
		if r.Status != http.StatusForbidden {
			t.Error("it came in:", what)
		}
	}
	t.Logf("POSTs and websockets by whether they had a cookie: %v", withCookie)
	if withCookie[true] < 20 {
		t.Error("hardly any had the cookie, so this shows nothing")
	}
	if origins := slices.Compact(slices.Sorted(func(yield func(string) bool) {
		for _, r := range f.seen {
			if !yield(r.Origin) {
				return
			}
		}
	})); !slices.Contains(origins, "null") {
		t.Error("no opaque origin among", origins)
	}
	// The user's connection was not affected.
	a := b.Do(harness.Request{Method: "POST", Path: "/socket.io/?EIO=4&transport=polling&sid=" + k.Open.SID, Body: "40",
		Header: map[string]string{"Content-Type": "text/plain", "Origin": s.URL}})
	a.Want(http.StatusOK)
	k.NextKind(harness.Connected)
}
