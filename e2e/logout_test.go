package e2e

import (
	"strings"
	"testing"

	"github.com/turnike/turnike/e2e/harness"
)

// clears reports whether an answer deletes the session cookie.
func clears(a *harness.Answer) bool {
	for _, line := range a.Header.Values("Set-Cookie") {
		if strings.HasPrefix(line, harness.SessionCookie+"=;") && strings.Contains(line, "Max-Age=0") &&
			strings.Contains(line, "Secure") && strings.Contains(line, "Path=/") {
			return true
		}
	}
	return false
}

// ended requires a 401 with the reason of the session's end.
func ended(t *testing.T, a *harness.Answer, code, reason string) {
	t.Helper()
	doc := a.Problem(401, code)
	at, _ := doc["at"].(string)
	if got, ok := doc["reason"].(string); !ok || got != reason || !harness.Time(at) {
		t.Errorf("401 %s: reason %v at %v, want reason %q and a time", code, doc["reason"], doc["at"], reason)
	}
}

// TestContractLogout: logout by cookie and by bearer token, and a repeated logout.
func TestContractLogout(t *testing.T) {
	t.Parallel()
	s := harness.Start(t)

	b := s.Browser()
	token := b.Login("ali").Token
	kept := b.Clone()
	a := b.Post("/logout").Want(204)
	if !clears(a) || a.Body != "" || b.Cookies[harness.SessionCookie] != "" {
		t.Errorf("logout: %v %q", a.Header, a.Body)
	}
	if b.Cookies[harness.DeviceCookie] == "" {
		t.Error("logout took the device cookie away")
	}
	ended(t, s.Bearer(token).Get("/socket"), "logged_out", "")
	ended(t, s.Bearer(token).Post("/logout"), "logged_out", "") // an invalid bearer token
	if a := kept.Post("/logout").Want(204); !clears(a) {        // an invalid cookie
		t.Error("logout by a dead cookie does not clear it")
	}
	s.Browser().Post("/logout").Problem(401, "unauthorized")

	token = s.Login("veli")
	s.Bearer(token).Post("/logout").Want(204)
	ended(t, s.Bearer(token).Get("/socket"), "logged_out", "")
	s.Bearer("nonsense").Post("/logout").Problem(401, "invalid_token")

	junk := s.Browser()
	junk.Cookies[harness.SessionCookie] = "junk"
	if a := junk.Post("/logout").Want(204); !clears(a) {
		t.Error("logout by a junk cookie does not clear it")
	}
	if n := len(s.Sessions()); n != 0 {
		t.Errorf("%d sessions are left", n)
	}
}

// TestSEC31_LogoutCrossSite: other sites cannot log users out.
func TestSEC31_LogoutCrossSite(t *testing.T) {
	t.Parallel()
	s := harness.Start(t)
	b := s.Browser()
	b.Login("ali")
	for name, value := range map[string]string{"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"} {
		b.Do(harness.Request{Method: "POST", Path: "/logout", Header: map[string]string{name: value}}).Problem(403, "cross_origin")
	}
	b.Get("/logout").Problem(405, "method_not_allowed")
	b.Get("/socket").Want(200)
}

// TestContractAuthorizationDecides: the Authorization header overrides the cookie and
// never falls back to it.
func TestContractAuthorizationDecides(t *testing.T) {
	t.Parallel()
	s := harness.Start(t)
	b := s.Browser()
	b.Login("ali")
	token := s.Login("veli")
	for _, header := range []string{"Bearer nonsense", "Bearer ", "Bearer", "Basic YWxpOmFsaQ==", "Token x", "bearer\tx"} {
		c := b.Clone()
		c.Header["Authorization"] = header
		a := c.Get("/socket")
		if a.Status != 401 {
			t.Errorf("Authorization %q: %d", header, a.Status)
		}
		if clears(a) {
			t.Errorf("Authorization %q: a 401 that was not the cookie's clears it", header)
		}
	}
	b.Header["Authorization"] = "bearer " + token // RFC 9110 §11.1: the scheme in any case
	b.Get("/socket").Want(200)
	b.Post("/logout").Want(204)
	delete(b.Header, "Authorization")
	ended(t, s.Bearer(token).Get("/socket"), "logged_out", "") // the bearer's session ended, not the cookie's
	if s.SessionOf("ali").ID == "" {
		t.Error("the cookie's session ended")
	}
}

// TestSEC52_DeadCookie: a 401 for a cookie deletes it, and so does the login page. A
// rotated cookie is not deleted, because that would delete the new one.
func TestSEC52_DeadCookie(t *testing.T) {
	t.Parallel()
	s := harness.Start(t)
	b := s.Browser()
	b.Login("ali")
	dead := b.Clone()
	s.Must("session", "end", "--user", "ali", "--reason", "bakım")
	a := dead.Clone().Get("/socket")
	ended(t, a, "ended_by_admin", "bakım")
	if !clears(a) {
		t.Error("the 401 does not clear the dead cookie")
	}
	page := dead.Clone().Do(harness.Request{Path: "/", Header: map[string]string{"Accept": "text/html"}}).Want(200)
	if !clears(page) {
		t.Error("the login page does not clear the dead cookie")
	}
	junk := s.Browser()
	junk.Cookies[harness.SessionCookie] = "junk"
	a = junk.Clone().Get("/socket")
	a.Problem(401, "invalid_token")
	if !clears(a) {
		t.Error("the 401 does not clear a junk cookie")
	}

	b.Login("ali")
	old := b.Clone()
	b.Login("ali") // the same device
	a = old.Clone().Get("/socket")
	ended(t, a, "rotated", "")
	if clears(a) {
		t.Error("the 401 of a rotated session clears the cookie of its successor")
	}
	b.Get("/socket").Want(200)
}

// TestA5_Rotation: a login from the same device, or with a valid token, makes a
// new session, and the old token is refused from then on.
func TestA5_Rotation(t *testing.T) {
	t.Parallel()
	s := harness.Start(t)
	b := s.Browser()
	first := b.Login("ali").Token
	second := b.Login("ali").Token
	ended(t, s.Bearer(first).Get("/socket"), "rotated", "")
	s.Bearer(second).Get("/socket").Want(200)

	// SEC-16: an existing session is never reused, not even the user's own.
	sid := func(token string) any { return harness.ParseToken(t, token).Claims["sid"] }
	if sid(first) == sid(second) {
		t.Error("the session id outlived the login")
	}

	// A program that sends the token is the same device.
	program := s.Bearer(second)
	third := program.Login("ali").Token
	ended(t, s.Bearer(second).Get("/socket"), "rotated", "")

	// Only the session cookie, as if the device cookie was lost.
	c := s.Browser()
	c.Cookies[harness.SessionCookie] = b.Cookies[harness.SessionCookie]
	c.Login("ali") // dead by now: another device
	ended(t, s.Bearer(third).Get("/socket"), "replaced", "")
	device := c.Clone()
	delete(device.Cookies, harness.DeviceCookie)
	fourth := c.Cookies[harness.SessionCookie]
	device.Login("ali")
	ended(t, s.Bearer(fourth).Get("/socket"), "rotated", "")

	// Another user's login on the device is not a rotation.
	shared := s.Browser()
	shared.Login("veli")
	veli := shared.Cookies[harness.SessionCookie]
	shared.Login("ayse")
	if a := s.Bearer(veli).Get("/socket"); a.Status == 401 {
		if strings.Contains(a.Body, `"rotated"`) {
			t.Errorf("veli's session: %s", a.Body)
		}
	}
	// Anything else is another device.
	s.Login("ayse")
	ended(t, s.Bearer(shared.Cookies[harness.SessionCookie]).Get("/socket"), "replaced", "")
	if n := len(s.Sessions()); n > 3 {
		t.Errorf("%d sessions of three users", n)
	}
}

// TestA7_Credentials: each change of an account ends its sessions, open
// sockets included, before the command returns.
func TestA7_Credentials(t *testing.T) {
	t.Parallel()
	s := harness.Start(t, harness.Set("seat.limit", "9"))
	s.Must("pool", "set", "other", "--limit", "2")
	watcher := s.Socket(s.Issue("zeynep")["zeynep"])
	watcher.Register()
	for _, c := range []struct {
		user, stdin, code string
		close             int
		command           []string
	}{
		{"ali", "Baska-bir-parola-42\n", "password_changed", 4011, []string{"user", "passwd", "ali", "--password-stdin"}},
		{"veli", "", "account_disabled", 4006, []string{"user", "disable", "veli"}},
		{"ayse", "", "account_disabled", 4006, []string{"user", "delete", "ayse"}},
		{"fatma", "", "role_changed", 4012, []string{"user", "set", "fatma", "--role", "admin"}},
		{"hasan", "", "role_changed", 4012, []string{"user", "set", "hasan", "--pool", "other"}},
	} {
		t.Run(c.user+" "+c.code, func(t *testing.T) {
			b := s.Browser()
			token := b.Login(c.user).Token
			k := s.Socket(token)
			k.Register()
			watcher.Status(c.user, "online")
			if r := s.CLIWith(c.stdin, c.command...); r.Code != 0 {
				t.Fatalf("%v: %+v", c.command, r)
			}
			ended(t, s.Bearer(token).Get("/socket"), c.code, "")
			k.Ended("session_ended", c.code, c.close)
			got := watcher.Status(c.user, "offline")
			if *got.Reason != c.code {
				t.Errorf("user_status %+v, reason %s", got, *got.Reason)
			}
			e := refusedWith(t, s.Open(harness.Dial{Token: token}).Connect(), c.code)
			if e.Data.At == nil || !harness.Time(*e.Data.At) {
				t.Errorf("connect_error %+v without a time", e)
			}
		})
	}
	s.Browser().TryLogin("ali", harness.Password).Problem(401, "invalid_credentials")
	s.Browser().TryLogin("ali", "Baska-bir-parola-42").Want(200)
	s.Browser().TryLogin("veli", harness.Password).Problem(401, "invalid_credentials")
	s.Must("user", "enable", "veli")
	s.Browser().TryLogin("veli", harness.Password).Want(200)
	s.Browser().TryLogin("ayse", harness.Password).Problem(401, "invalid_credentials")
	k := s.Socket(s.Login("hasan"))
	if got := k.Register(); got.Slots.Pool != "other" || got.Slots.Max != 2 || got.Slots.Used != 1 {
		t.Errorf("after the move: %+v", got.Slots)
	}
}

// TestA8_Admins: administrators hold no seat, are in no list and no count, and can enter
// a full pool; A3 and S1 apply to them.
func TestA8_Admins(t *testing.T) {
	t.Parallel()
	s := harness.Start(t, harness.Set("seat.limit", "1"))
	user := s.Socket(s.Login("ali"))
	user.Register()
	first := s.Login(harness.Admin)
	k := s.Socket(first)
	got := k.Register()
	if got.Response.User.Role != "admin" || got.Slots.Used != 1 || got.Online.Count != 1 || got.Sync.Count != 1 || got.Sync.Users[0].Username != "ali" {
		t.Errorf("the admin sees %+v", got)
	}
	if p := s.Pool("default"); p.Used != 1 {
		t.Errorf("pool %+v", p)
	}
	two := s.Socket(first) // S1
	two.Register()
	k.Ended("connection_ended", "connection_replaced", 4009)
	s.Login(harness.Admin) // A3
	two.Ended("session_ended", "replaced", 4001)

	watcher := s.Socket(s.Login(harness.Admin))
	watcher.Register()
	user.Leave()
	if got := watcher.Status("ali", "offline"); *got.Reason != "left" {
		t.Errorf("%+v", got)
	}
	user.Gone()
	if len(user.Statuses()) != 0 {
		t.Errorf("users hear of admins: %v", user.Statuses())
	}
}

// TestT2_Expiry: an expired session ends in every state, exactly once.
func TestT2_Expiry(t *testing.T) {
	t.Parallel()
	s := harness.Start(t, harness.Set("token.lifetime", "2s"))
	watcher := s.Socket(s.Login(harness.Admin))
	watcher.Register()
	b := s.Browser()
	token := b.Login("ali").Token
	k := s.Socket(token)
	k.Register()
	p := s.Dial(harness.Dial{Transport: harness.Polling, Token: s.Login("veli")})
	p.Register()
	bare := s.Socket(s.Login("ayse")) // connected, not inside
	k.Ended("session_ended", "expired", 4003)
	p.Ended("session_ended", "expired", 4003)
	bare.Ended("session_ended", "expired", 4003)
	watcher.Ended("session_ended", "expired", 4003)
	a := b.Get("/socket")
	ended(t, a, "expired", "")
	refusedWith(t, s.Open(harness.Dial{Token: token}).Connect(), "expired")
	if rows := s.Sessions(); len(rows) != 0 {
		t.Errorf("sessions %+v", rows)
	}
	if pool := s.Pool("default"); pool.Used != 0 {
		t.Errorf("pool %+v", pool)
	}
}
