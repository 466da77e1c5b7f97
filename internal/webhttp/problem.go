package webhttp

import (
	"errors"
	"maps"
	"net/http"
	"time"

	"github.com/turnike/turnike/internal/account"
	"github.com/turnike/turnike/internal/auth"
	"github.com/turnike/turnike/internal/login"
	"github.com/turnike/turnike/internal/session"
	"github.com/turnike/turnike/internal/wire"
	"github.com/turnike/turnike/web"
)

// Problem is a refusal with a stable code (RFC 9457). Handlers return it as an
// error; [Responder.Refuse] writes it.
type Problem struct {
	Status int
	Code   string
	Fields map[string]any           // further members
	Retry  time.Duration            // Retry-After; 0 is none
	At     time.Time                // when the session ended
	text   func(lang string) string // replaces the sentence of the code; may be nil
	forget bool                     // the browser must delete its session cookie
}

func (p *Problem) Error() string { return "webhttp: " + p.Code }

// CodeRateLimited is the code of a login that was refused unchecked.
const CodeRateLimited = "rate_limited"

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
	ErrDraining         = &Problem{Status: http.StatusServiceUnavailable, Code: "server_draining", Retry: 2 * time.Second}
	// ErrTokenInURL refuses a token where logs and histories would keep it [SEC-18].
	ErrTokenInURL = &Problem{Status: http.StatusBadRequest, Code: "bad_request", text: textOf("api.token_in_url")}
	// ErrBelowSocket refuses a path below SocketPath, such as that of a client script.
	ErrBelowSocket = &Problem{Status: http.StatusNotFound, Code: "not_found", text: textOf("api.below_socket")}
)

// textOf returns the text with the key.
func textOf(key string) func(lang string) string {
	return func(lang string) string {
		text, _ := web.Text(lang, key)
		return text
	}
}

// ProblemOf returns the problem for an error. It is the one table of both. An error
// that it does not know is an internal one and shows no details [SEC-64].
func ProblemOf(err error) *Problem {
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
			"sessions": liveSessions(asked.Sessions), "ticket": asked.Ticket, "ticket_expires_at": wire.Timestamp(asked.Expires),
			"cause": asked.Cause}}
	case errors.As(err, &active):
		return &Problem{Status: http.StatusConflict, Code: "already_active", text: activeText(active),
			Fields: map[string]any{"sessions": liveSessions(active.Sessions)}}
	case errors.As(err, &wait):
		return &Problem{Status: http.StatusTooManyRequests, Code: CodeRateLimited, Retry: wait.Wait}
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
	return map[string]any{"reason": reason, "at": wire.Timestamp(at)}
}

// document returns the problem's members (RFC 9457, section 3.1).
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
