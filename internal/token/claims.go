package token

import (
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// Claims is the content of a session token. A token has times in whole seconds.
type Claims struct {
	ID        string    // jti, different in each token
	Session   string    // sid
	Subject   string    // sub, the user's id
	Username  string    // for people; names can be changed
	Role      string    // for people; the stored role decides [SEC-58]
	Pool      string    // the pool's name
	IssuedAt  time.Time // iat
	NotBefore time.Time // nbf; zero for IssuedAt
	ExpiresAt time.Time // exp
}

// leeway is how far ahead of our clock iat and nbf may be. exp has no leeway,
// because our own clock wrote it [SEC-24].
const leeway = 30 * time.Second

// at checks the times of genuine claims.
func (c Claims) at(now time.Time) error {
	switch ahead := now.Add(leeway); {
	case c.IssuedAt.After(ahead) || c.NotBefore.After(ahead):
		return ErrEarly
	case !now.Before(c.ExpiresAt):
		return ErrExpired
	}
	return nil
}

// complete reports whether all claims are present that our tokens have.
func (c Claims) complete() bool {
	return c.ID != "" && c.Session != "" && c.Subject != "" &&
		!c.IssuedAt.IsZero() && !c.NotBefore.IsZero() && c.ExpiresAt.After(c.IssuedAt)
}

// wire is the payload of a token.
type wire struct {
	Issuer    string  `json:"iss"`
	Audience  string  `json:"aud"`
	Subject   string  `json:"sub"`
	Username  string  `json:"username"`
	Session   string  `json:"sid"`
	ID        string  `json:"jti"`
	Role      string  `json:"role"`
	Pool      string  `json:"pool"`
	IssuedAt  seconds `json:"iat"`
	NotBefore seconds `json:"nbf"`
	ExpiresAt seconds `json:"exp"`
}

// newWire returns the payload of c, whose times are in whole seconds.
func newWire(c Claims, issuer, audience string) *wire {
	return &wire{
		Issuer: issuer, Audience: audience, Subject: c.Subject, Username: c.Username,
		Session: c.Session, ID: c.ID, Role: c.Role, Pool: c.Pool,
		IssuedAt: seconds(c.IssuedAt.Unix()), NotBefore: seconds(c.NotBefore.Unix()), ExpiresAt: seconds(c.ExpiresAt.Unix()),
	}
}

// claims returns the claims in the payload.
func (w *wire) claims() Claims {
	return Claims{
		ID: w.ID, Session: w.Session, Subject: w.Subject, Username: w.Username, Role: w.Role, Pool: w.Pool,
		IssuedAt: w.IssuedAt.time(), NotBefore: w.NotBefore.time(), ExpiresAt: w.ExpiresAt.time(),
	}
}

// seconds is a NumericDate (RFC 7519, section 2), which may have a fraction; 0
// for none.
type seconds float64

// time returns the time in whole seconds, or the zero time for none and for one
// out of range.
func (s seconds) time() time.Time {
	const latest = 1 << 40
	if s <= 0 || s > latest {
		return time.Time{}
	}
	return time.Unix(int64(s), 0).UTC()
}

func (s seconds) date() *jwt.NumericDate { return jwt.NewNumericDate(s.time()) }

// whole truncates a time to whole seconds.
func whole(t time.Time) time.Time { return time.Unix(t.Unix(), 0).UTC() }

// The following methods implement jwt.Claims, so that the library can sign a wire.

// GetExpirationTime returns exp.
func (w *wire) GetExpirationTime() (*jwt.NumericDate, error) { return w.ExpiresAt.date(), nil }

// GetIssuedAt returns iat.
func (w *wire) GetIssuedAt() (*jwt.NumericDate, error) { return w.IssuedAt.date(), nil }

// GetNotBefore returns nbf.
func (w *wire) GetNotBefore() (*jwt.NumericDate, error) { return w.NotBefore.date(), nil }

// GetIssuer returns iss.
func (w *wire) GetIssuer() (string, error) { return w.Issuer, nil }

// GetSubject returns sub.
func (w *wire) GetSubject() (string, error) { return w.Subject, nil }

// GetAudience returns aud.
func (w *wire) GetAudience() (jwt.ClaimStrings, error) { return jwt.ClaimStrings{w.Audience}, nil }
