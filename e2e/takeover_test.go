package e2e

import (
	"net/http"
	"testing"
	"time"

	"github.com/turnike/turnike/e2e/harness"
)

// standing is a session in a 409 answer.
type standing struct {
	ID         string `json:"id"`
	Device     string `json:"device"`
	Since      string `json:"since"`
	LastActive string `json:"last_active"`
	Connected  bool   `json:"connected"`
}

// conflict is the problem document of a login that must be confirmed, or that is refused
// because the account is in use.
type conflict struct {
	Type, Title, Detail, Code, Message string
	Status                             int
	RequestID                          string     `json:"request_id"`
	Sessions                           []standing `json:"sessions"`
	Ticket                             string     `json:"ticket"`
	TicketExpiresAt                    string     `json:"ticket_expires_at"`
	Cause                              string     `json:"cause"`
}

func conflicts(t *testing.T, a *harness.Answer, code string) conflict {
	t.Helper()
	a.Problem(http.StatusConflict, code)
	var c conflict
	a.Decode(&c)
	for _, s := range c.Sessions {
		if s.ID == "" || !harness.Time(s.Since) || !harness.Time(s.LastActive) {
			t.Errorf("session %+v", s)
		}
	}
	return c
}

// asked requires 409 takeover_required and returns it.
func asked(t *testing.T, a *harness.Answer, cause string) conflict {
	t.Helper()
	c := conflicts(t, a, "takeover_required")
	at, err := time.Parse("2006-01-02T15:04:05.000Z", c.TicketExpiresAt)
	if left := time.Until(at); err != nil || left < time.Minute || left > 125*time.Second {
		t.Errorf("ticket_expires_at %q", c.TicketExpiresAt)
	}
	if c.Cause != cause || len(c.Ticket) < 22 {
		t.Errorf("%+v, want the cause %s and a ticket of 128 bits", c, cause)
	}
	if len(a.Header.Values("Set-Cookie")) != 0 {
		t.Errorf("cookies %v", a.Header.Values("Set-Cookie"))
	}
	return c
}

// confirm logs in with a ticket.
func confirm(b *harness.Browser, name string, takeover map[string]any) *harness.Answer {
	return b.Do(harness.Request{Method: "POST", Path: "/login-token", JSON: map[string]any{
		"username": name, "password": harness.Password, "takeover": takeover}})
}

// TestA6_WarBreaker: two browsers that keep replacing each other must confirm. A ticket
// is valid once, only for its user, and across a restart.
func TestA6_WarBreaker(t *testing.T) {
	t.Parallel()
	s := harness.Start(t)
	phone, laptop := s.Browser(), s.Browser()
	phone.Login("ali")
	laptop.Login("ali") // an unknown device from the same address: not counted as sharing
	phone.Login("ali")
	laptop.Login("ali")
	last := phone.Login("ali").Token
	s.Login("veli")
	s.Login("veli") // another user is not affected

	c := asked(t, laptop.TryLogin("ali", harness.Password), "war_breaker")
	if len(c.Sessions) != 1 || c.Sessions[0].ID != s.SessionOf("ali").ID || c.Sessions[0].Connected || c.Message == "" {
		t.Errorf("%+v", c)
	}
	asked(t, s.Browser().TryLogin("ali", harness.Password), "war_breaker") // from any browser
	phone.Get("/socket").Want(200)                                         // the current session stays
	if n := len(s.Logged("account sharing suspected")); n != 1 {
		t.Errorf("%d alarms, want one", n)
	}
	laptop.TryLogin("ali", wrong).Problem(401, "invalid_credentials")
	confirm(laptop, "veli", map[string]any{"ticket": c.Ticket}).Want(200) // no confirmation is needed: veli's account is not shared

	// A5 comes first: the same browser may continue.
	phone.Login("ali")
	ended(t, s.Bearer(last).Get("/socket"), "rotated", "")

	s.Restart()
	asked(t, confirm(laptop, "ali", map[string]any{"ticket": "guessed"}), "war_breaker")
	next := asked(t, confirm(laptop, "ali", map[string]any{"ticket": c.Ticket, "session": c.Sessions[0].ID}), "war_breaker") // rotated meanwhile
	spent := next.Ticket
	confirm(laptop, "ali", map[string]any{"ticket": spent, "session": next.Sessions[0].ID}).Want(200)
	ended(t, phone.Get("/socket"), "replaced", "")
	asked(t, confirm(phone, "ali", map[string]any{"ticket": spent}), "war_breaker")

	// A new password set by an operator invalidates tickets.
	c = asked(t, phone.TryLogin("ali", harness.Password), "war_breaker")
	s.Must("session", "issue", "ali") // an operator's right
	for _, body := range []any{"x", map[string]any{}, map[string]any{"ticket": ""}, map[string]any{"ticket": 1},
		map[string]any{"ticket": c.Ticket, "session": 1}} {
		phone.Do(harness.Request{Method: "POST", Path: "/login-token", JSON: map[string]any{
			"username": "ali", "password": harness.Password, "takeover": body}}).Problem(400, "bad_request")
	}
}

// TestA6_ByAddress: the same program without cookies at two addresses.
func TestA6_ByAddress(t *testing.T) {
	t.Parallel()
	s := harness.Start(t, harness.Set("server.trusted_proxies", "127.0.0.0/8"))
	from := func(address string) *harness.Answer {
		b := s.Browser()
		b.Header["X-Forwarded-For"] = address
		return b.TryLogin("ali", harness.Password)
	}
	for _, address := range []string{"192.0.2.1", "192.0.2.9", "192.0.2.1", "192.0.2.9", "198.51.100.1", "192.0.2.1", "198.51.100.1"} {
		from(address).Want(200)
	}
	asked(t, from("192.0.2.1"), "war_breaker")

	s.Restart(harness.Set("session.war_breaker", "false"))
	from("192.0.2.1").Want(200)
}

// TestA4_Ask: a login to an account in use must be confirmed and must name the session
// to end.
func TestA4_Ask(t *testing.T) {
	t.Parallel()
	s := harness.Start(t, harness.Set("session.max_per_user", "2"))
	s.Must("pool", "set", "default", "--policy", "ask")
	first, second := s.Login("ali"), s.Login("ali")
	k := s.Socket(second)
	k.Register()
	b := s.Browser()
	c := asked(t, b.TryLogin("ali", harness.Password), "policy")
	if len(c.Sessions) != 2 || c.Sessions[0].Connected || !c.Sessions[1].Connected {
		t.Fatalf("%+v", c.Sessions)
	}
	c = asked(t, confirm(b, "ali", map[string]any{"ticket": c.Ticket, "session": "nobody's"}), "policy")
	confirm(b, "ali", map[string]any{"ticket": c.Ticket, "session": c.Sessions[1].ID}).Want(200)
	k.Ended("session_ended", "replaced", 4001)
	s.Bearer(first).Get("/socket").Want(200)
}

// TestA4_Deny: an account in use refuses other logins; an ended session does not.
func TestA4_Deny(t *testing.T) {
	t.Parallel()
	s := harness.Start(t, harness.Set("session.policy", "deny"), harness.Set("ratelimit.login_account", "3"))
	owner := s.Browser()
	token := owner.Login("ali").Token
	k := s.Socket(token)
	k.Register()
	for range 5 { // SEC-09: not counted as failures
		c := conflicts(t, s.Browser().TryLogin("ali", harness.Password), "already_active")
		if len(c.Sessions) != 1 || !c.Sessions[0].Connected || c.Ticket != "" {
			t.Errorf("%+v", c)
		}
	}
	k.Barrier()        // it has received no event
	owner.Login("ali") // A5
	owner.Post("/logout").Want(204)
	s.Login("ali")
}
