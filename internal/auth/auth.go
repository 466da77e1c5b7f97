package auth

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/turnike/turnike/internal/logging"
	"github.com/turnike/turnike/internal/session"
	"github.com/turnike/turnike/internal/token"
)

// Codes of refused credentials, beside the codes of ended sessions.
const (
	CodeUnauthorized = "unauthorized"
	CodeInvalidToken = "invalid_token"
)

// Error is a refused credential.
type Error struct {
	Code   string    // CodeUnauthorized, CodeInvalidToken, or the code with which the session ended
	Reason string    // the operator's text when the session was ended
	At     time.Time // when the session ended; zero when it did not
	Cookie bool      // the credential was the cookie
	early  bool      // the token is not valid yet
}

func (e *Error) Error() string { return "auth: " + e.Code }

// Forget reports whether the browser must delete the cookie [SEC-52], because it is
// not valid and never will be. After a rotation the browser may already have the new
// cookie, so it keeps that.
func (e *Error) Forget() bool {
	return e.Cookie && !e.early && e.Code != string(session.Rotated)
}

// Identity is a live session and its user.
type Identity struct {
	Session session.Session
	User    session.User
	Token   token.Claims
	Until   time.Time // when a token of another program expires, by the machine's clock; zero for the session's own
}

// Authenticator checks credentials.
type Authenticator struct {
	keys *token.Keyring
	core *session.Core
}

// New returns an authenticator.
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

// genuine verifies everything about a token except its times: untimely is
// token.ErrExpired or token.ErrEarly when they are wrong by the machine's clock. Error:
// *Error.
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

// Claims returns what a genuine token says, even when it is not valid now. Error:
// *Error.
func (a *Authenticator) Claims(raw string) (token.Claims, error) {
	claims, _, err := a.genuine(raw)
	return claims, err
}

// Request checks the credential of a request: the Authorization header if it has
// one, otherwise the session cookie. Errors: *Error, session.ErrUnavailable.
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

// Cookie checks the session cookie of a request, whatever its other credentials.
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
