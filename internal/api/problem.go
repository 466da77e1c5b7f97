package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/turnike/turnike/internal/account"
	"github.com/turnike/turnike/internal/auth"
	"github.com/turnike/turnike/internal/login"
	"github.com/turnike/turnike/internal/session"
	"github.com/turnike/turnike/internal/text"
	"github.com/turnike/turnike/web"
)

// Problem is a refusal with a stable code (RFC 9457). As an error it passes
// through handlers to the one place that writes it.
type Problem struct {
	Status int
	Code   string
	Fields map[string]any           // further members
	Retry  time.Duration            // Retry-After; 0 is none
	At     time.Time                // of an ended session
	text   func(lang string) string // where the code alone does not say it
	forget bool                     // the browser is to forget its session cookie
}

func (p *Problem) Error() string { return "api: " + p.Code }

const codeRateLimited = "rate_limited"

// Problems without further members.
var (
	ErrBadRequest       = &Problem{Status: http.StatusBadRequest, Code: "bad_request"}
	ErrCrossOrigin      = &Problem{Status: http.StatusForbidden, Code: "cross_origin"}
	ErrNotFound         = &Problem{Status: http.StatusNotFound, Code: "not_found"}
	ErrMethodNotAllowed = &Problem{Status: http.StatusMethodNotAllowed, Code: "method_not_allowed"}
	ErrTooLarge         = &Problem{Status: http.StatusRequestEntityTooLarge, Code: "payload_too_large"}
	ErrHeadersTooLarge  = &Problem{Status: http.StatusRequestHeaderFieldsTooLarge, Code: "headers_too_large"}
	ErrMediaType        = &Problem{Status: http.StatusUnsupportedMediaType, Code: "unsupported_media_type"}
	ErrInternal         = &Problem{Status: http.StatusInternalServerError, Code: "internal"}
	// ErrTokenInURL is a token where logs and histories would keep it [SEC-18].
	ErrTokenInURL = &Problem{Status: http.StatusBadRequest, Code: "bad_request", text: textOf("api.token_in_url")}
	// errBelowSocket is a path below the sockets', as of the client's script.
	errBelowSocket = &Problem{Status: http.StatusNotFound, Code: "not_found", text: textOf("api.below_socket")}
	ErrDraining    = &Problem{Status: http.StatusServiceUnavailable, Code: "server_draining", Retry: 2 * time.Second}
)

// textOf says a text by its key.
func textOf(key string) func(lang string) string {
	return func(lang string) string {
		text, _ := web.Text(lang, key)
		return text
	}
}

// problemOf is the one table from errors to problems. What it does not know is
// an internal fault and says nothing of itself [SEC-64].
func problemOf(err error) *Problem {
	var (
		p       *Problem
		refused *auth.Error
		wait    *login.ThrottledError
		full    *session.SeatError
		ended   *session.EndedError
		asked   *session.TakeoverError
		active  *session.ActiveError
		size    *http.MaxBytesError
	)
	switch {
	case errors.As(err, &p):
		return p
	case errors.As(err, &refused):
		p := &Problem{Status: http.StatusUnauthorized, Code: refused.Code, At: refused.At, forget: refused.Forget()}
		if !refused.At.IsZero() {
			p.Fields = endFields(refused.Reason, refused.At)
		}
		return p
	case errors.As(err, &ended):
		return &Problem{Status: http.StatusUnauthorized, Code: string(ended.Code), At: ended.At, Fields: endFields(ended.Reason, ended.At)}
	case errors.As(err, &full):
		return &Problem{Status: http.StatusConflict, Code: "seat_limit", Retry: full.RetryAfter, Fields: map[string]any{
			"pool": full.Pool, "max": full.Max, "used": full.Used, "retry_after": seconds(full.RetryAfter)}}
	case errors.As(err, &asked):
		return &Problem{Status: http.StatusConflict, Code: "takeover_required", text: takeoverText(asked), Fields: map[string]any{
			"sessions": standing(asked.Sessions), "ticket": asked.Ticket, "ticket_expires_at": Timestamp(asked.Expires),
			"cause": asked.Cause}}
	case errors.As(err, &active):
		return &Problem{Status: http.StatusConflict, Code: "already_active", text: activeText(active),
			Fields: map[string]any{"sessions": standing(active.Sessions)}}
	case errors.As(err, &wait):
		return &Problem{Status: http.StatusTooManyRequests, Code: codeRateLimited, Retry: wait.Wait}
	case errors.As(err, &size):
		return ErrTooLarge
	case errors.Is(err, session.ErrInvalidCredentials):
		return &Problem{Status: http.StatusUnauthorized, Code: "invalid_credentials"}
	case errors.Is(err, account.ErrBusy):
		return &Problem{Status: http.StatusServiceUnavailable, Code: "login_busy", Retry: 5 * time.Second}
	case errors.Is(err, session.ErrUnavailable):
		return &Problem{Status: http.StatusServiceUnavailable, Code: "store_unavailable", Retry: 5 * time.Second}
	default:
		return ErrInternal
	}
}

func endFields(reason string, at time.Time) map[string]any {
	return map[string]any{"reason": reason, "at": Timestamp(at)}
}

// Refuse answers a request with the problem that err stands for: as a page to
// who asks for one, else as a problem document.
func (a *API) Refuse(w http.ResponseWriter, r *http.Request, err error) {
	p := problemOf(err)
	id := w.Header().Get(RequestIDHeader)
	if p.Status >= 500 && p.Code == ErrInternal.Code && r.Context().Err() == nil { // else nobody waits for it
		a.log.ErrorContext(r.Context(), "request failed", "request", id, "method", r.Method, "path", r.URL.Path, "error", err)
	}
	if p.Status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", "Bearer")
		if p.forget {
			clearSessionCookie(w)
		}
	}
	if p.Retry > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(seconds(p.Retry)))
	}
	lang := text.Language(r)
	fields := text.Fields{At: p.At, Wait: p.Retry, ID: id}
	sentence := text.Of(lang, p.Code, !p.At.IsZero(), fields)
	if n, ok := p.Fields["max"].(int); ok {
		fields.Max = n
		sentence = text.Full(lang, fields)
	}
	if p.text != nil {
		sentence = p.text(lang)
	}
	w.Header().Set("Cache-Control", "no-store")
	if p == ErrTokenInURL && a.isSocket(r) {
		writeJSON(w, p.Status, "application/json", engineError{engineBadRequest, sentence})
		return
	}
	if acceptsHTML(r) {
		a.writeProblemPage(w, p, lang, id)
		return
	}
	body := p.document(sentence)
	if id != "" {
		body["request_id"] = id
	}
	writeJSON(w, p.Status, "application/problem+json", body)
}

// engineError is a refusal as Engine.IO's clients know it.
type engineError struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

// engineBadRequest is Engine.IO's code of a bad request.
const engineBadRequest = 3

// isSocket tells the requests of sockets.
func (a *API) isSocket(r *http.Request) bool {
	return strings.TrimSuffix(r.URL.Path, "/") == strings.TrimSuffix(a.base+SocketPath, "/")
}

// document is the problem's members (RFC 9457, section 3.1).
func (p *Problem) document(text string) map[string]any {
	body := map[string]any{
		"type":    "urn:turnike:problem:" + p.Code,
		"title":   http.StatusText(p.Status),
		"status":  p.Status,
		"code":    p.Code,
		"detail":  text,
		"message": text,
	}
	maps.Copy(body, p.Fields)
	if p.Retry > 0 {
		body["retry_after"] = seconds(p.Retry)
	}
	return body
}

// Document is a problem as header and body, for a rim that writes its answers
// itself.
func Document(lang string, status int, code string, retry time.Duration) (http.Header, []byte) {
	p := &Problem{Status: status, Code: code, Retry: retry}
	h := http.Header{"Content-Type": {"application/problem+json"}, "Cache-Control": {"no-store"}}
	if status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", "Bearer")
	}
	if retry > 0 {
		h.Set("Retry-After", strconv.Itoa(seconds(retry)))
	}
	return h, encodeJSON(p.document(text.Of(lang, code, false, text.Fields{Wait: retry})))
}

// writeJSON writes v as the JavaScript clients expect JSON: nothing escaped
// that need not be.
func writeJSON(w http.ResponseWriter, status int, contentType string, v any) {
	body := encodeJSON(v)
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client may be gone
}

func encodeJSON(v any) []byte {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic(err) // only maps and structs of our own come here
	}
	return buf.Bytes()
}

// Timestamp is how the contract writes times: RFC 3339, UTC, milliseconds.
func Timestamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z07:00") }

// seconds rounds up, so that who waits that long does not come too early.
func seconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }
