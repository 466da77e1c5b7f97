package token

import (
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// Claims is what a session token says. Times are whole seconds on the wire.
type Claims struct {
	ID        string    // jti, different in each token
	Session   string    // sid
	Subject   string    // sub, the user's id
	Username  string    // for people; names can be changed
	Role      string    // for people; the stored role decides [SEC-58]
	Pool      string    // the pool's name
	IssuedAt  time.Time // iat
	NotBefore time.Time // nbf; zero: IssuedAt
	ExpiresAt time.Time // exp
}

// leeway is how far another clock may run ahead of ours in iat and nbf. There
// is none for exp: that is our own clock's [SEC-24].
const leeway = 30 * time.Second

// at judges the times of claims that are genuine.
func (c Claims) at(now time.Time) error {
	switch ahead := now.Add(leeway); {
	case c.IssuedAt.After(ahead) || c.NotBefore.After(ahead):
		return ErrEarly
	case !now.Before(c.ExpiresAt):
		return ErrExpired
	}
	return nil
}

// complete tells whether nothing is missing that every token of ours has.
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

// newWire makes the payload of c, whose times are in whole seconds.
func newWire(c Claims, issuer, audience string) *wire {
	return &wire{
		Issuer: issuer, Audience: audience, Subject: c.Subject, Username: c.Username,
		Session: c.Session, ID: c.ID, Role: c.Role, Pool: c.Pool,
		IssuedAt: seconds(c.IssuedAt.Unix()), NotBefore: seconds(c.NotBefore.Unix()), ExpiresAt: seconds(c.ExpiresAt.Unix()),
	}
}

// claims gives what the payload says.
func (w *wire) claims() Claims {
	return Claims{
		ID: w.ID, Session: w.Session, Subject: w.Subject, Username: w.Username, Role: w.Role, Pool: w.Pool,
		IssuedAt: w.IssuedAt.time(), NotBefore: w.NotBefore.time(), ExpiresAt: w.ExpiresAt.time(),
	}
}

// seconds is a NumericDate (RFC 7519, section 2), which may have a fraction; 0
// for none.
type seconds float64

// time gives the time in whole seconds, the zero time for none and for one
// that no clock will show.
func (s seconds) time() time.Time {
	const latest = 1 << 40
	if s <= 0 || s > latest {
		return time.Time{}
	}
	return time.Unix(int64(s), 0).UTC()
}

func (s seconds) date() *jwt.NumericDate { return jwt.NewNumericDate(s.time()) }

// whole cuts a time to what a token can say.
func whole(t time.Time) time.Time { return time.Unix(t.Unix(), 0).UTC() }

// The methods below make a wire a jwt.Claims, for the library to sign.

// GetExpirationTime gives exp.
func (w *wire) GetExpirationTime() (*jwt.NumericDate, error) { return w.ExpiresAt.date(), nil }

// GetIssuedAt gives iat.
func (w *wire) GetIssuedAt() (*jwt.NumericDate, error) { return w.IssuedAt.date(), nil }

// GetNotBefore gives nbf.
func (w *wire) GetNotBefore() (*jwt.NumericDate, error) { return w.NotBefore.date(), nil }

// GetIssuer gives iss.
func (w *wire) GetIssuer() (string, error) { return w.Issuer, nil }

// GetSubject gives sub.
func (w *wire) GetSubject() (string, error) { return w.Subject, nil }

// GetAudience gives aud.
func (w *wire) GetAudience() (jwt.ClaimStrings, error) { return jwt.ClaimStrings{w.Audience}, nil }
