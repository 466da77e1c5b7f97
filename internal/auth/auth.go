package auth

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/turnike/turnike/internal/logging"
	"github.com/turnike/turnike/internal/session"
	"github.com/turnike/turnike/internal/token"
)

// Names of the cookies. The prefix makes browsers insist on Secure, Path=/ and
// no Domain (RFC 6265bis, section 4.1.3.2).
const (
	SessionCookie = "__Host-turnike"
	DeviceCookie  = "__Host-turnike-device"
)

// Codes of a refused credential; the others are those of ended sessions.
const (
	CodeUnauthorized = "unauthorized"
	CodeInvalidToken = "invalid_token"
)

// Error is a refused credential.
type Error struct {
	Code   string    // CodeUnauthorized, CodeInvalidToken or why the session ended
	Reason string    // the operator's text of an ended session
	At     time.Time // when the session ended; zero for none
	Cookie bool      // the credential was the cookie
	early  bool      // it will be good, by the clock of who made it
}

func (e *Error) Error() string { return "auth: " + e.Code }

// Forget tells whether the browser is to forget the cookie [SEC-52]: it is good
// for nothing and never will be. After a rotation it may hold the new one already.
func (e *Error) Forget() bool {
	return e.Cookie && !e.early && e.Code != string(session.Rotated)
}

// Identity is a live session and its user.
type Identity struct {
	Session session.Session
	User    session.User
	Token   token.Claims
	Until   time.Time // by the machine's clock, when a token of another's making is over; zero for the session's own
}

// Authenticator checks credentials.
type Authenticator struct {
	keys *token.Keyring
	core *session.Core
}

// New makes an authenticator.
func New(keys *token.Keyring, core *session.Core) *Authenticator {
	return &Authenticator{keys: keys, core: core}
}

// Token checks a raw token. Errors: *Error, session.ErrUnavailable.
func (a *Authenticator) Token(ctx context.Context, raw string) (Identity, error) {
	claims, untimely, err := a.genuine(raw)
	if err != nil {
		return Identity{}, err
	}
	s, u, err := a.core.Session(ctx, claims.Session)
	if ended, ok := errors.AsType[*session.EndedError](err); ok {
		return Identity{}, &Error{Code: string(ended.Code), Reason: ended.Reason, At: ended.At}
	}
	unknown := errors.Is(err, session.ErrUnknown)
	switch {
	case err != nil && !unknown:
		return Identity{}, err
	case untimely == token.ErrExpired && (unknown || !ownToken(claims, s)):
		return Identity{}, &Error{Code: string(session.Expired), At: claims.ExpiresAt}
	case unknown || s.User != claims.Subject:
		return Identity{}, &Error{Code: CodeInvalidToken}
	case untimely == token.ErrEarly && !ownToken(claims, s):
		return Identity{}, &Error{Code: CodeInvalidToken, early: true}
	}
	logging.Identify(ctx, u.Name, s.ID)
	id := Identity{Session: s, User: u, Token: claims}
	if !ownToken(claims, s) {
		id.Until = claims.ExpiresAt
	}
	return id, nil
}

// genuine verifies a token but for its times: untimely is token.ErrExpired or
// token.ErrEarly where the machine's clock does not agree with them. Error: *Error.
func (a *Authenticator) genuine(raw string) (claims token.Claims, untimely, err error) {
	claims, err = a.keys.Verify(raw, time.Now())
	for _, is := range []error{token.ErrExpired, token.ErrEarly} {
		if errors.Is(err, is) {
			return claims, is, nil
		}
	}
	if err != nil {
		return token.Claims{}, nil, &Error{Code: CodeInvalidToken}
	}
	return claims, nil, nil
}

// Claims tells only whose a token is, not whether it is good now. Error: *Error.
func (a *Authenticator) Claims(raw string) (token.Claims, error) {
	claims, _, err := a.genuine(raw)
	return claims, err
}

// Request checks the credential of a request: the Authorization header if there
// is one, else the session cookie. Errors: *Error, session.ErrUnavailable.
func (a *Authenticator) Request(r *http.Request) (Identity, error) {
	raw, given, err := Bearer(r)
	switch {
	case err != nil:
		return Identity{}, err
	case given:
		return a.Token(r.Context(), raw)
	}
	return a.Cookie(r)
}

// Bearer is the token of a request's Authorization header (RFC 6750, section
// 2.1); given tells whether there is such a header. Error: *Error for another
// scheme, for two headers, and for what no token can be by its length [SEC-22].
func Bearer(r *http.Request) (raw string, given bool, err error) {
	values := r.Header.Values("Authorization")
	if len(values) == 0 {
		return "", false, nil
	}
	scheme, raw, _ := strings.Cut(values[0], " ")
	raw = strings.TrimSpace(raw)
	if len(values) > 1 || !strings.EqualFold(scheme, "Bearer") || raw == "" || len(raw) > token.MaxLength {
		return "", true, &Error{Code: CodeInvalidToken}
	}
	return raw, true, nil
}

// Bare is a token without the scheme that some programs write in front of it
// where only a token belongs.
func Bare(raw string) string {
	scheme, rest, found := strings.Cut(raw, " ")
	if !found || !strings.EqualFold(scheme, "Bearer") {
		return raw
	}
	return strings.TrimSpace(rest)
}

// Cookie checks the session cookie of a request alone.
func (a *Authenticator) Cookie(r *http.Request) (Identity, error) {
	cookies := r.CookiesNamed(SessionCookie)
	if len(cookies) == 0 || cookies[0].Value == "" {
		return Identity{}, &Error{Code: CodeUnauthorized}
	}
	id, err := a.Token(r.Context(), cookies[0].Value)
	var refused *Error
	if errors.As(err, &refused) {
		refused.Cookie = true
	}
	return id, err
}
