package auth_test

import (
	"crypto/ed25519"
	"testing"
	"time"

	"github.com/turnike/turnike/internal/auth"
	"github.com/turnike/turnike/internal/session"
	"github.com/turnike/turnike/internal/token"
)

// TestT1_TokensGoByTheWallClock checks that new tokens are valid from now until the session
// ends after a step of the wall clock, which the clock of deadlines does not follow.
func TestT1_TokensGoByTheWallClock(t *testing.T) {
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	key, err := token.NewEd25519Key(private)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := token.New(token.Config{Instance: "here", Active: key})
	if err != nil {
		t.Fatal(err)
	}
	created := time.Date(2026, 3, 1, 12, 0, 0, 250e6, time.UTC)
	s := session.Session{ID: "sid", Created: created, Expires: created.Add(24 * time.Hour).Truncate(time.Second)}
	for _, step := range []time.Duration{0, 2 * time.Second, -20 * time.Second, -time.Hour, 48 * time.Hour, -20 * 365 * 24 * time.Hour} {
		wall := func(t time.Time) time.Time { return t.Add(step) }
		claims := auth.NewClaims(s, session.User{ID: "id", Name: "ada", Role: "user"}, "default", wall)
		raw, err := keys.Sign(claims)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := keys.Verify(raw, wall(created)); err != nil {
			t.Errorf("step %v: %v", step, err)
		}
		if !claims.ExpiresAt.Equal(wall(s.Expires)) {
			t.Errorf("step %v: the token ends at %v, its session at %v", step, claims.ExpiresAt, wall(s.Expires))
		}
	}
}
