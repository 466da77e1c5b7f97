package auth_test

import (
	"crypto/ed25519"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/turnike/turnike/internal/account"
	"github.com/turnike/turnike/internal/auth"
	"github.com/turnike/turnike/internal/session"
	"github.com/turnike/turnike/internal/store/storetest"
	"github.com/turnike/turnike/internal/token"
)

// fixture is an authenticator with one live session, of ada.
type fixture struct {
	*auth.Authenticator
	core *session.Core
	keys *token.Keyring
	ada  session.Session
}

func newFixture(t *testing.T) fixture {
	t.Helper()
	_, private, err := ed25519.GenerateKey(nil)
	must(t, err)
	key, err := token.NewEd25519Key(private)
	must(t, err)
	d := fixture{}
	d.keys, err = token.New(token.Config{Instance: "here", Active: key})
	must(t, err)
	store := storetest.NewMemory()
	d.core = session.New(store, session.DefaultRules(), slog.New(slog.DiscardHandler))
	user, err := store.AddUser(t.Context(), "ada", account.RoleUser, storetest.Pool)
	must(t, err)
	d.ada, err = d.core.Login(t.Context(), session.ByCLI("test"), session.Login{User: user, Issued: true})
	must(t, err)
	d.Authenticator = auth.New(d.keys, d.core)
	return d
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// made returns the token of ada's session, made before the machine's clock was stepped by
// step, with further changes.
func (d fixture) made(t *testing.T, step time.Duration, change ...func(*token.Claims)) string {
	t.Helper()
	c := token.Claims{ID: "jti", Session: d.ada.ID, Subject: d.ada.User, Username: "ada", Role: "user", Pool: "default",
		IssuedAt: d.ada.Created.Add(-step), NotBefore: d.ada.Created.Add(-step), ExpiresAt: d.ada.Expires.Add(-step)}
	for _, f := range change {
		f(&c)
	}
	raw, err := d.keys.Sign(c)
	must(t, err)
	return raw
}

// refusal returns the error for a cookie, or nil.
func (d fixture) refusal(t *testing.T, raw string) *auth.Error {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, "/socket", nil)
	r.AddCookie(&http.Cookie{Name: auth.SessionCookie, Value: raw})
	_, err := d.Request(r)
	refused, ok := errors.AsType[*auth.Error](err)
	if err != nil && !ok {
		t.Fatal(err)
	}
	return refused
}

const year = 365 * 24 * time.Hour

// TestT1_TheOwnTokenOfALiveSession checks that a session's own token stays valid after a
// step of the clock of any size, until the session ends.
func TestT1_TheOwnTokenOfALiveSession(t *testing.T) {
	for _, step := range []time.Duration{0, time.Minute, 24 * time.Hour, 20 * year, -time.Minute, -24 * time.Hour, -year, -20 * year} {
		synctest.Test(t, func(t *testing.T) {
			time.Sleep(27*year + 250*time.Millisecond) // a bubble begins in 2000
			d := newFixture(t)
			raw := d.made(t, step)
			if refused := d.refusal(t, raw); refused != nil {
				t.Errorf("step %v: %v", step, refused)
			}
			time.Sleep(24 * time.Hour)
			if refused := d.refusal(t, raw); refused == nil || refused.Code != string(session.Expired) || !refused.Forget() {
				t.Errorf("step %v, a day later: %+v [T2]", step, refused)
			}
		})
	}
}

// TestSEC24_TokensOfOthers checks tokens that other programs sign with the key. Their clocks
// must be right, to 30 s for iat and nbf. A wrong one does no harm to the session, and
// browsers keep a cookie that will become valid.
func TestSEC24_TokensOfOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(250 * time.Millisecond)
		d := newFixture(t)
		from := func(begin, end time.Duration) func(*token.Claims) {
			return func(c *token.Claims) {
				c.IssuedAt, c.NotBefore, c.ExpiresAt = time.Now().Add(begin), time.Now().Add(begin), time.Now().Add(end)
			}
		}
		for name, c := range map[string]struct {
			change func(*token.Claims)
			code   string // of the refusal
			forget bool
		}{
			"good":           {from(-time.Hour, time.Hour), "", false},
			"a little ahead": {from(20*time.Second, time.Hour), "", false},
			"ahead":          {from(40*time.Second, time.Hour), auth.CodeInvalidToken, false},
			"a year ahead":   {from(year, year+time.Hour), auth.CodeInvalidToken, false},
			"nbf ahead":      {func(c *token.Claims) { c.NotBefore = c.NotBefore.Add(time.Hour) }, auth.CodeInvalidToken, false},
			"over":           {from(-time.Hour, 0), string(session.Expired), true},
			"no session":     {func(c *token.Claims) { c.Session = "none" }, auth.CodeInvalidToken, true},
			"another user":   {func(c *token.Claims) { c.Subject = "bob" }, auth.CodeInvalidToken, true},
		} {
			refused := d.refusal(t, d.made(t, 0, c.change))
			if (refused == nil) != (c.code == "") || refused != nil && (refused.Code != c.code || refused.Forget() != c.forget) {
				t.Errorf("%s: %+v, want %s, forget %v", name, refused, c.code, c.forget)
			}
		}
		if refused := d.refusal(t, d.made(t, 0)); refused != nil {
			t.Errorf("the session's own token afterwards: %v", refused)
		}
	})
}
