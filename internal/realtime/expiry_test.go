package realtime

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/turnike/turnike/internal/auth"
	"github.com/turnike/turnike/internal/session"
	"github.com/turnike/turnike/internal/token"
)

// TestT2_WhoeverMeetsIt: whatever notices first that a session has expired ends it
// for all: its sockets are closed and its seat is free [SEC-19].
func TestT2_WhoeverMeetsIt(t *testing.T) {
	for name, meet := range map[string]func(w *world, inside, bare *peer, s session.Session, raw string){
		"HTTP": func(w *world, _, _ *peer, _ session.Session, raw string) {
			r, err := http.NewRequest(http.MethodGet, w.url, nil)
			must(w.t, err)
			r.Header.Set("Authorization", "Bearer "+raw)
			if _, err := auth.New(w.keys, w.core).Request(r); err == nil {
				w.t.Error("an expired token is good for HTTP")
			}
		},
		"CONNECT": func(w *world, _, _ *peer, _ session.Session, raw string) {
			p := w.dial(nil)
			p.send(`40{"token":"` + raw + `"}`)
			if got := p.read(); got[:2] != "44" {
				w.t.Errorf("CONNECT with an expired token: %q", got)
			}
		},
		"register_user": func(_ *world, _, bare *peer, _ session.Session, raw string) {
			bare.send(`42["register_user",{"token":"` + raw + `"}]`)
		},
		"an event":  func(_ *world, inside, _ *peer, _ session.Session, _ string) { inside.send(`42["get_online_users"]`) },
		"a command": func(w *world, _, _ *peer, s session.Session, _ string) { _, _, _ = w.core.Session(w.t.Context(), s.ID) },
		"the sweep": func(w *world, _, _ *peer, _ session.Session, _ string) { must(w.t, w.core.Sweep(w.t.Context())) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(s *setting) { s.rules.Lifetime = 2 * time.Second })
			s, raw := w.login("ada", "one")
			inside, bare := w.enter(raw), w.connect(raw)
			eventually(t, "the session is over", func() bool { return !s.Live(w.core.Now()) })
			meet(w, inside, bare, s, raw)
			inside.ended(eventSessionEnded, string(session.Expired), 4003)
			bare.ended(eventSessionEnded, string(session.Expired), 4003)
			if seat := w.seat("ada"); seat != "" {
				t.Errorf("the seat is %s", seat)
			}
		})
	}
}

// TestSEC19_TokenOverBeforeItsSession: a connection ends when its token expires, even
// if its session has time left.
func TestSEC19_TokenOverBeforeItsSession(t *testing.T) {
	for name, event := range map[string]string{
		"register_user with it":    `42["register_user",{"token":"%"}]`,
		"register_user without it": `42["register_user",{}]`,
		"another event":            `42["ping_manual"]`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			s, own := w.login("ada", "one")
			end := time.Now().Add(2 * time.Second).Truncate(time.Second)
			raw, err := w.keys.Sign(token.Claims{ID: "jti", Session: s.ID, Subject: s.User, Username: "ada", Role: "user",
				Pool: "default", IssuedAt: s.Created, NotBefore: s.Created, ExpiresAt: end})
			must(t, err)
			short, good := w.connect(raw), w.connect(own)
			eventually(t, "the token is over", func() bool { return !time.Now().Before(end) })
			good.register()
			good.send(`42["register_user",{"token":"` + raw + `"}]`)
			good.expect(eventResponse, `"code":"invalid_token"`)
			short.send(strings.ReplaceAll(event, "%", raw))
			short.ended(eventSessionEnded, string(session.Expired), 4003)
			if seat := w.seat("ada"); seat != session.Held {
				t.Errorf("the seat of the session's own connection is %q", seat)
			}
		})
	}
}

// TestT1_ShownTimes: after the machine's clock is stepped, all times are shown by it.
func TestT1_ShownTimes(t *testing.T) {
	w := newWorld(t)
	_, raw := w.login("ada", "one")
	ada := w.enter(raw)
	w.step.Store(int64(365 * 24 * time.Hour))
	_, other := w.login("bob", "two")
	before := time.Now().Add(365*24*time.Hour - time.Minute)
	later := func(text string) {
		t.Helper()
		if at, err := time.Parse(time.RFC3339, text); err != nil || at.Before(before) {
			t.Errorf("%q, %v, want a time after %v", text, err, before)
		}
	}
	bob := w.connect(other)
	bob.send(`42["register_user",{}]`)
	var ok registered
	var list struct{ Users []struct{ Since string } }
	_, body := bob.event()
	decode(t, body, &ok)
	later(ok.ExpiresAt)
	for name := ""; name != eventPresenceSync; {
		name, body = bob.event()
	}
	decode(t, body, &list)
	if len(list.Users) != 2 {
		t.Fatalf("%+v", list)
	}
	for _, u := range list.Users {
		later(u.Since)
	}
	for name := ""; name != eventPresenceSync; { // a member gets it, too
		name, body = ada.event()
	}
	list.Users = nil
	decode(t, body, &list)
	for _, u := range list.Users {
		later(u.Since)
	}
	_, err := w.core.End(t.Context(), session.ByCLI("test"), session.Ending{User: w.user("bob").ID, Code: session.EndedByAdmin})
	must(t, err)
	var last ended
	for name := ""; name != eventSessionEnded; {
		name, body = bob.event()
	}
	decode(t, body, &last)
	later(last.At)
}
