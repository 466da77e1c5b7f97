package webhttp

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/turnike/turnike/internal/account"
	"github.com/turnike/turnike/internal/auth"
	"github.com/turnike/turnike/internal/session"
)

// TestRefuse checks that each error of the core has one status and code, and that an
// unknown error shows no details [SEC-64].
func TestRefuse(t *testing.T) {
	p := &Responder{Log: slog.New(slog.NewTextHandler(io.Discard, nil))}
	at := time.Date(2026, 5, 1, 9, 41, 7, 5e6, time.UTC)
	for _, c := range []struct {
		err    error
		status int
		body   string // members that must be there
		header string // name and value of one header
	}{
		{ErrBadRequest, 400, `"code":"bad_request"`, ""},
		{session.ErrInvalidCredentials, 401, `"code":"invalid_credentials"`, "Www-Authenticate: Bearer"},
		{&auth.Error{Code: auth.CodeUnauthorized}, 401, `"code":"unauthorized"`, "Www-Authenticate: Bearer"},
		{&auth.Error{Code: "replaced", At: at}, 401, `"at":"2026-05-01T09:41:07.005Z","code":"replaced"`, ""},
		{&auth.Error{Code: "ended_by_admin", Reason: "<b>", At: at}, 401, `"reason":"<b>"`, ""},
		{&auth.Error{Code: "replaced", At: at, Cookie: true}, 401, `"reason":""`,
			"Set-Cookie: __Host-turnike=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax"},
		{&auth.Error{Code: "rotated", At: at, Cookie: true}, 401, `"code":"rotated"`, "Set-Cookie: "},
		{&session.SeatError{Pool: "p", Max: 3, Used: 3, RetryAfter: 1500 * time.Millisecond}, 409,
			`"code":"seat_limit","detail":`, "Retry-After: 2"},
		{fmt.Errorf("wrapped: %w", account.ErrBusy), 503, `"code":"login_busy"`, "Retry-After: 5"},
		{fmt.Errorf("%w: disk full", session.ErrUnavailable), 503, `"code":"store_unavailable"`, "Retry-After: 5"},
		{&http.MaxBytesError{Limit: 1}, 413, `"code":"payload_too_large"`, ""},
		{errors.New("secret detail"), 500, `"code":"internal"`, ""},
	} {
		w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/x", nil)
		p.Refuse(w, r, c.err)
		body := w.Body.String()
		var doc struct {
			Status  int
			Code    string
			Message *string
		}
		if err := json.Unmarshal([]byte(body), &doc); err != nil || doc.Status != c.status || w.Code != c.status || doc.Message == nil {
			t.Errorf("%v: status %d, %s", c.err, w.Code, body)
		}
		if !strings.Contains(body, c.body) || strings.Contains(body, "secret detail") || strings.Contains(body, "disk full") {
			t.Errorf("%v: %s", c.err, body)
		}
		if got := w.Header().Get("Content-Type"); got != "application/problem+json" {
			t.Errorf("%v: %s", c.err, got)
		}
		if name, value, ok := strings.Cut(c.header, ": "); ok && w.Header().Get(name) != value {
			t.Errorf("%v: %s: %q", c.err, name, w.Header().Get(name))
		}
	}
}

// TestUI8_RefusePage checks that a request that accepts HTML gets a page, and that markup
// in its values is escaped.
func TestUI8_RefusePage(t *testing.T) {
	p := &Responder{Log: slog.New(slog.NewTextHandler(io.Discard, nil))}
	w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/nope", nil)
	r.Header.Set("Accept", "text/html,*/*")
	r.Header.Set("Accept-Language", "en")
	w.Header().Set(RequestIDHeader, "<i>id</i>")
	p.Refuse(w, r, errors.New("x"))
	body := w.Body.String()
	if w.Code != 500 || !strings.Contains(body, "<h1>Something went wrong</h1>") || !strings.Contains(body, "&lt;i&gt;id") {
		t.Errorf("%d %s", w.Code, body)
	}
}
