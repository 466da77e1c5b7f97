package server

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

// wrapped returns a handler behind the middleware.
func wrapped(h http.HandlerFunc, panics *atomic.Uint64) http.Handler {
	return Middleware{RequestIDHeader: "X-Request-Id", SocketPath: "/socket.io/", Panics: panics, Log: slog.New(slog.DiscardHandler),
		Panicked: func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }}.Wrap(h)
}

// TestMiddlewareLeavesOthersAlone checks that a request passes the middleware as it came,
// and that the answer gets nothing but an id: both may belong to an application that is
// not ours.
func TestMiddlewareLeavesOthersAlone(t *testing.T) {
	var got *http.Request
	h := wrapped(func(w http.ResponseWriter, r *http.Request) {
		got = r
		w.Header().Set("X-Theirs", "1")
	}, nil)
	body := io.NopCloser(strings.NewReader("x"))
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/a//b?token=theirs", body)
	r.Header.Set("Origin", "https://elsewhere.example")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	for range 100 {
		r.Header.Add("X-Many", strings.Repeat("x", 200))
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if got == nil {
		t.Fatalf("refused with %d", w.Code)
	}
	if got.URL.String() != "/a//b?token=theirs" || got.Body != body || len(got.Header["X-Many"]) != 100 {
		t.Errorf("the request became %s with %d headers", got.URL, len(got.Header["X-Many"]))
	}
	for name := range w.Header() {
		if name != "X-Theirs" && name != "X-Request-Id" {
			t.Errorf("the answer has the header %s", name)
		}
	}
}

// TestSEC40_Request checks that a panic ends only its request, and that net/http's way to
// cut an answer is no panic of ours.
func TestSEC40_Request(t *testing.T) {
	var panics atomic.Uint64
	w := httptest.NewRecorder()
	wrapped(func(http.ResponseWriter, *http.Request) { panic("x") }, &panics).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	if w.Code != http.StatusInternalServerError || panics.Load() != 1 {
		t.Errorf("%d, %d panics", w.Code, panics.Load())
	}
	defer func() {
		if v := recover(); v != http.ErrAbortHandler || panics.Load() != 1 {
			t.Errorf("recovered %v, %d panics", v, panics.Load())
		}
	}()
	wrapped(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, &panics).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
}
