package realtime

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/gobwas/ws"

	"github.com/turnike/turnike/internal/auth"
)

// limits makes a world with only these limits. A request's address is its header
// From.
func limits(t *testing.T, l Limits) *world {
	return newWorld(t, func(s *setting) {
		s.cfg.Limits = l
		s.cfg.ClientAddress = func(r *http.Request) string { return r.Header.Get("From") }
	})
}

// from is a handshake's header that names an address.
func from(address string) http.Header { return http.Header{"From": {address}} }

// refused opens a connection that is to be refused with 503.
func (w *world) refused(address string) {
	w.t.Helper()
	d := ws.Dialer{Header: ws.HandshakeHeaderHTTP(from(address))}
	_, _, _, err := d.Dial(w.t.Context(), strings.Replace(w.url, "http", "ws", 1)+"/socket.io/?EIO=4&transport=websocket")
	if status, ok := err.(ws.StatusError); !ok || status != http.StatusServiceUnavailable {
		w.t.Errorf("a connection from %s: %v, want 503", address, err)
	}
}

// [SEC-42] An address may have only so many open connections whose session is not
// known. A connection stops counting when its session is known or it closes.
func TestSEC42_Unverified(t *testing.T) {
	w := limits(t, Limits{UnverifiedPerAddress: 2})
	_, raw := w.login("ada", "laptop")
	a := w.dial(from("192.0.2.1"))
	b := w.dial(from("192.0.2.1"))
	w.refused("192.0.2.1")
	w.dial(from("192.0.2.2"))
	a.join(raw)
	c := w.dial(from("192.0.2.1"))
	w.refused("192.0.2.1")
	b.conn.Close()
	c.conn.Close()
	eventually(t, "the room is free again", func() bool {
		w.rt.limiter.mu.Lock()
		defer w.rt.limiter.mu.Unlock()
		return w.rt.limiter.unverified["192.0.2.1"] == 0
	})
	w.dial(from("192.0.2.1"))
}

// [SEC-42] An IPv6 network of 64 bits is one address.
func TestSEC42_Network(t *testing.T) {
	w := limits(t, Limits{UnverifiedPerAddress: 1})
	w.dial(from("2001:db8::1"))
	w.refused("2001:db8::2")
	w.dial(from("2001:db8:0:1::1"))
}

// [SEC-42] Connections that end without a session are counted against their
// address; those of others and those that had a session are not.
func TestSEC42_Failures(t *testing.T) {
	w := limits(t, Limits{FailuresPerAddress: 1})
	_, raw := w.login("ada", "laptop")
	for range 8 {
		p := w.dial(from("192.0.2.1"))
		p.join(raw)
		p.conn.Close()
		eventually(t, "it is gone", func() bool { return w.rt.Connections() == 0 })
	}
	for range 5 {
		p := w.dial(from("192.0.2.1"))
		p.conn.Close()
		eventually(t, "it is gone", func() bool { return w.rt.Connections() == 0 })
	}
	eventually(t, "the last failure is counted", func() bool { return w.rt.limiter.failures.Empty("192.0.2.1") })
	w.refused("192.0.2.1")
	w.dial(from("192.0.2.2"))
}

// [SEC-42] One session's cookie cannot hold any number of connections that never
// CONNECT; whose session it is makes no difference to the address.
func TestSEC42_OneCookie(t *testing.T) {
	w := limits(t, Limits{UnverifiedPerAddress: 2, FailuresPerAddress: 1})
	open := func(raw string) int {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.url+"/socket.io/?EIO=4&transport=polling", nil)
		must(t, err)
		req.Header = http.Header{"From": {"192.0.2.1"}, "Cookie": {auth.SessionCookie + "=" + raw}}
		res, err := http.DefaultClient.Do(req)
		must(t, err)
		must(t, res.Body.Close())
		return res.StatusCode
	}
	_, ada := w.login("ada", "laptop")
	_, bob := w.login("bob", "phone")
	for i, c := range []struct {
		raw  string
		want int
	}{{ada, 200}, {ada, 200}, {ada, 503}, {bob, 200}, {bob, 200}, {bob, 503}, {"", 200}, {"", 200}, {"", 503}} {
		if got := open(c.raw); got != c.want {
			t.Errorf("connection %d: %d, want %d", i, got, c.want)
		}
	}
	if n := w.rt.Stats().Unverified; n != 2 {
		t.Errorf("%d unverified", n)
	}
}

// [SEC-42] Connections do not count as failures of their address if they end because
// the store is unavailable, or because their session has too many.
func TestSEC42_NotTheirFault(t *testing.T) {
	w := limits(t, Limits{FailuresPerAddress: 1, ConnectionsPerSession: 1})
	_, raw := w.login("ada", "laptop")
	w.dial(from("192.0.2.1")).join(raw)
	for _, broken := range []bool{false, true} {
		w.gate.mu.Lock()
		w.gate.broken = broken
		w.gate.mu.Unlock()
		for range 6 { // past the limit of failures
			p := w.dial(from("192.0.2.1"))
			p.send(fmt.Sprintf(`40{"token":%q}`, raw))
			if got, want := p.read(), fmt.Sprintf("close %d", closeTryAgain); got != want {
				t.Fatalf("got %q, want %q", got, want)
			}
			p.conn.Close()
			eventually(t, "it is gone", func() bool { return w.rt.Connections() == 1 })
		}
	}
	if n := w.rt.limiter.failures.Len(); n != 0 {
		t.Errorf("%d addresses are blamed", n)
	}
}

// [SEC-42] There is a bound on all connections together, which counts exactly.
func TestSEC42_All(t *testing.T) {
	w := limits(t, Limits{Connections: 2})
	a := w.dial(from("192.0.2.1"))
	w.dial(from("192.0.2.2"))
	w.refused("192.0.2.3")
	a.conn.Close()
	eventually(t, "one is gone", func() bool { return w.rt.limiter.open.Load() == 1 })
	w.dial(from("192.0.2.3"))
	w.refused("192.0.2.4")
}

// [SEC-42] A session has only so many sockets that are not inside; those inside
// count as one. A socket past the limit is closed so that it reconnects.
func TestSEC42_Session(t *testing.T) {
	w := newWorld(t, func(s *setting) { s.cfg.Limits.ConnectionsPerSession, s.rules.ConnsPerSession = 3, 0 })
	_, raw := w.login("ada", "laptop")
	for range 4 {
		w.enter(raw) // tabs
	}
	w.connect(raw)
	last := w.connect(raw)
	p := w.dial(nil)
	p.send(fmt.Sprintf(`40{"token":%q}`, raw))
	if got, want := p.read(), fmt.Sprintf("close %d", closeTryAgain); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	_, other := w.login("bob", "phone")
	w.connect(other)
	last.conn.Close()
	eventually(t, "it is gone", func() bool {
		w.rt.sessions.mu.Lock()
		defer w.rt.sessions.mu.Unlock()
		for _, r := range w.rt.sessions.live {
			if r.name == "ada" {
				return r.connections() == 2
			}
		}
		return false
	})
	w.connect(raw)
}

// [SEC-44] Events that come too often are refused with a code. A client that goes on
// is closed so that it reconnects.
func TestSEC44_Events(t *testing.T) {
	w := limits(t, Limits{EventsPerSocket: 1})
	_, raw := w.login("ada", "laptop")
	p := w.connect(raw)
	p.send(`42["ping_manual"]`)
	p.expect(eventPong)
	for range 30 { // more than there is time for tokens to come back
		p.send(`42["ping_manual"]`)
	}
	refusals := 0
	for {
		text := p.read()
		switch {
		case strings.HasPrefix(text, `42["`+eventPong):
		case strings.Contains(text, `"ok":false,"code":"`+codeEventRateLimited+`"`) && strings.Contains(text, `"retry_after":1`):
			refusals++
		case text == fmt.Sprintf("close %d", closePolicy):
			if refusals < 2 {
				t.Errorf("closed after %d refusals, want 2 at least", refusals)
			}
			return
		default:
			t.Fatalf("got %q", text)
		}
	}
}

// [SEC-44] All sockets of a user share a limit, whatever their session.
func TestSEC44_User(t *testing.T) {
	w := newWorld(t, func(s *setting) { s.cfg.Limits, s.rules.MaxPerUser = Limits{EventsPerUser: 1}, 2 })
	_, raw := w.login("ada", "laptop")
	_, other := w.login("ada", "phone")
	p, q := w.connect(raw), w.connect(other)
	for _, s := range []*peer{p, q} {
		s.send(`42["ping_manual"]`)
		s.expect(eventPong)
	}
	for i := 0; ; i++ {
		p.send(`420["ping_manual"]`)
		if got := p.read(); strings.HasPrefix(got, `430[{"ok":false,"code":"`+codeEventRateLimited) {
			break
		}
		if p.expect(eventPong); i == 30 {
			t.Fatal("never refused")
		}
	}
	_, raw = w.login("bob", "phone")
	b := w.connect(raw)
	b.send(`42["ping_manual"]`)
	b.expect(eventPong)
}

// [SEC-45] The list may be asked for once in the interval.
func TestSEC45_OnlineUsers(t *testing.T) {
	w := limits(t, Limits{OnlineUsers: patience})
	_, raw := w.login("ada", "laptop")
	p := w.enter(raw)
	p.send(`42["get_online_users"]`)
	p.expect(eventOnlineUsers, `"count":1`)
	p.send(`42["get_online_users"]`)
	p.expect(eventResponse, codeEventRateLimited)
	_, raw = w.login("bob", "phone")
	b := w.enter(raw)
	b.send(`42["get_online_users"]`)
	b.expect(eventOnlineUsers, `"count":2`)
}

// [SEC-41] A polling connection may make only so many requests; one past them is
// told, and the connection lives on.
func TestSEC41_Polls(t *testing.T) {
	w := limits(t, Limits{PollsPerConnection: 3})
	url := w.url + "/socket.io/?EIO=4&transport=polling"
	do := func(method, body string) (int, string) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
		must(t, err)
		res, err := http.DefaultClient.Do(req)
		must(t, err)
		defer res.Body.Close()
		text, err := io.ReadAll(res.Body)
		must(t, err)
		return res.StatusCode, string(text)
	}
	_, open := do(http.MethodGet, "")
	var hs struct{ SID string }
	decode(t, strings.TrimPrefix(open, "0"), &hs)
	url += "&sid=" + hs.SID
	_, raw := w.login("ada", "laptop")
	for i, body := range []string{fmt.Sprintf(`40{"token":%q}`, raw), `42["ping_manual"]`, `42["ping_manual"]`} {
		if status, _ := do(http.MethodPost, body); status != http.StatusOK {
			t.Fatalf("POST %d: %d", i, status)
		}
	}
	for i := 0; ; i++ {
		status, body := do(http.MethodPost, `42["ping_manual"]`)
		if status == http.StatusTooManyRequests && body == codeRateLimited {
			break
		}
		if status != http.StatusOK || i == 30 {
			t.Fatalf("past the limit: %d %s", status, body)
		}
	}
	if w.rt.Connections() != 1 {
		t.Error("the connection is gone")
	}
}
