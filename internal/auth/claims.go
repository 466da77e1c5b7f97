package auth

import (
	"time"

	"github.com/turnike/turnike/internal/session"
	"github.com/turnike/turnike/internal/token"
)

// NewClaims returns what the token of a session says that was opened right now. Other
// programs read its times, so they are those of the machine's clock: wall converts
// them from the session's [T1].
func NewClaims(s session.Session, u session.User, pool string, wall func(time.Time) time.Time) token.Claims {
	begin := wall(s.Created)
	return token.Claims{ID: session.NewSessionID(), Session: s.ID, Subject: u.ID, Username: u.Name, Role: string(u.Role),
		Pool: pool, IssuedAt: begin, NotBefore: begin, ExpiresAt: wall(s.Expires)}
}

// ownToken reports whether the token was made with the session, and not by another
// program that knows the key: its lifetime is exactly the session's. Its times came
// from the machine's clock, and are meaningless once that clock was stepped; the
// session's times say when it began and ends, by the clock that decides [T1]. The
// session's Created has milliseconds, which the token's iat has not.
func ownToken(c token.Claims, s session.Session) bool {
	longer := c.ExpiresAt.Sub(c.IssuedAt) - s.Expires.Sub(s.Created)
	return c.NotBefore.Equal(c.IssuedAt) && longer >= 0 && longer < time.Second
}
