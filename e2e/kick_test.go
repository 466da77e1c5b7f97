package e2e

import (
	"encoding/json"
	"fmt"
	"strings"
	"syscall"
	"testing"

	"github.com/turnike/turnike/e2e/harness"
)

// TestK_EndedByAdmin: after `session end` the socket receives the reason in the client's
// language: the last event, DISCONNECT, the close code. When the command returns, all
// requests are rejected [I2].
func TestK_EndedByAdmin(t *testing.T) {
	t.Parallel()
	s := harness.Start(t)
	watcher := s.Socket(s.Login("veli"))
	watcher.Register()
	messages := map[string]string{}
	for i, transport := range transports {
		for _, lang := range []string{"tr", "en"} {
			token := s.Login("ali")
			k := s.Dial(harness.Dial{Transport: transport, Token: token, Lang: lang})
			k.Register()
			watcher.Status("ali", "online")
			reason := fmt.Sprintf("bakım <%d> \"%s\" 🚪", i, lang)
			if i%2 == 0 {
				s.Must("session", "end", "--user", "ali", "--reason", reason)
			} else {
				s.Must("session", "end", s.SessionOf("ali").ID, "--reason", reason)
			}
			ended(t, s.Bearer(token).Get("/socket"), "ended_by_admin", reason)
			e := k.Ended("session_ended", "ended_by_admin", 4002)
			if e.Reason != reason {
				t.Errorf("%s: %+v", transport, e)
			}
			messages[lang] = e.Message
			if got := watcher.Status("ali", "offline"); *got.Reason != "ended_by_admin" || got.Count != 1 {
				t.Errorf("%+v", got)
			}
			refused := refusedWith(t, s.Open(harness.Dial{Token: token, Lang: lang}).Connect(), "ended_by_admin")
			if refused.Data.Reason == nil || *refused.Data.Reason != reason || refused.Data.At == nil || *refused.Data.At != e.At {
				t.Errorf("connect_error %+v, the end %+v", refused, e)
			}
		}
	}
	if messages["tr"] == messages["en"] {
		t.Errorf("messages %q", messages)
	}
}

// TestK_Unregistered: the end also reaches sockets without a seat.
func TestK_Unregistered(t *testing.T) {
	t.Parallel()
	s := harness.Start(t)
	k := s.Socket(s.Login("ali"))
	s.Must("session", "end", "--user", "ali")
	if e := k.Ended("session_ended", "ended_by_admin", 4002); e.Reason != "" {
		t.Errorf("%+v", e)
	}
}

// TestK4_PollingTail: event and DISCONNECT come in one payload, the Engine.IO
// close in the answer to the next poll; POSTs are answered 200 and discarded.
func TestK4_PollingTail(t *testing.T) {
	t.Parallel()
	s := harness.Start(t)
	for _, away := range []bool{false, true} {
		t.Run(fmt.Sprint("away ", away), func(t *testing.T) {
			token := s.Login("ali")
			b := s.Browser()
			b.Header["Content-Type"] = "text/plain;charset=UTF-8"
			path := "/socket.io/?EIO=4&transport=polling"
			var open harness.Handshake
			if err := json.Unmarshal([]byte(b.Get(path).Want(200).Body[1:]), &open); err != nil {
				t.Fatal(err)
			}
			path += "&sid=" + open.SID
			post := func(body string) *harness.Answer {
				return b.Do(harness.Request{Method: "POST", Path: path, Body: body})
			}
			post(`40{"token":"` + token + `"}`).Want(200)
			b.Get(path).Want(200)
			answer := make(chan string, 1)
			if !away {
				go func() {
					a, err := b.Clone().Try(harness.Request{Path: path})
					if err != nil {
						answer <- err.Error()
						return
					}
					answer <- a.Body
				}()
			}
			s.Must("session", "end", "--user", "ali", "--reason", "x")
			if away {
				post(`42["ping_manual",1]`).Want(200)
				answer <- b.Get(path).Want(200).Body
			}
			packets := strings.Split(<-answer, "\x1e")
			if len(packets) != 2 || !strings.HasPrefix(packets[0], `42["session_ended",{"code":"ended_by_admin"`) || packets[1] != "41" {
				t.Errorf("the tail is %q", packets)
			}
			post(`42["ping_manual",1]`).Want(200)
			if body := b.Get(path).Want(200).Body; body != "1" {
				t.Errorf("the next poll: %q, want the Engine.IO close", body)
			}
			if a := b.Get(path); a.Status != 400 {
				t.Errorf("the poll after the close: %d %q", a.Status, a.Body)
			}
		})
	}
}

// TestK_Drain: SIGTERM closes all connections so that clients reconnect: no event, no
// DISCONNECT, 4100. Seats are kept and no one is logged out.
func TestK_Drain(t *testing.T) {
	t.Parallel()
	s := harness.Start(t, harness.Set("seat.limit", "3"))
	sockets := map[string]*harness.Socket{}
	tokens := s.Issue("ali", "veli", "ayse", "fatma")
	for i, name := range []string{"ali", "veli", "ayse"} {
		sockets[name] = s.Dial(harness.Dial{Transport: transports[i], Token: tokens[name]})
		sockets[name].Register()
	}
	s.Stop()
	for _, k := range sockets {
		k.SentAway(4100)
	}
	if p := s.Pool("default"); p.Grace != 3 || p.Used != 3 {
		t.Errorf("stopped: %+v", p)
	}
	if rows := s.Sessions(); len(rows) != 4 || rows[0].Connected {
		t.Errorf("stopped: %+v", rows)
	}
	s.Run()
	full(t, s.Socket(tokens["fatma"]).Fails("seat_limit", "register_user", map[string]any{}), 3, 3)
	for name := range sockets {
		if got := s.Socket(tokens[name]).Register(); got.Slots.Used != 3 {
			t.Errorf("%s: %+v", name, got.Slots)
		}
	}
}

// TestK_DrainReadiness: the server is ready until it drains, then its port is
// closed, and it is ready again.
func TestK_DrainReadiness(t *testing.T) {
	t.Parallel()
	s := harness.Start(t)
	s.Browser().Get("/readyz").Want(200)
	k := s.Socket(s.Login("ali"))
	k.Register()
	s.Signal(syscall.SIGTERM)
	k.SentAway(4100)
	s.Stopped()
	if _, err := s.Browser().Try(harness.Request{Path: "/healthz"}); err == nil {
		t.Error("the port is still open")
	}
	s.Run()
	s.Browser().Get("/readyz").Want(200)
}

// TestContractTimeouts: a client that does not CONNECT is closed; one that does not
// register receives the reason.
func TestContractTimeouts(t *testing.T) {
	t.Parallel()
	// Each on a server of its own, so that the other time cannot run out first.
	s := harness.Start(t, harness.Set("socketio.connect_timeout", "300ms"))
	for _, transport := range []string{harness.Websocket, harness.Polling} {
		s.Open(harness.Dial{Transport: transport}).NextKind(harness.Closed)
	}
	s = harness.Start(t, harness.Set("socketio.register_timeout", "2s"))
	for _, transport := range []string{harness.Websocket, harness.Polling} {
		k := s.Dial(harness.Dial{Transport: transport, Token: s.Login("ali")})
		k.Ended("connection_ended", "register_timeout", 4010)
		s.Bearer(s.Login("ali")).Get("/socket").Want(200)
	}
	// The timeout does not apply once inside.
	inside := s.Socket(s.Login("veli"))
	inside.Register()
	late := s.Socket(s.Login("ali"))
	late.Ended("connection_ended", "register_timeout", 4010)
	inside.Barrier()
}

// TestContractHandshake: the content of the Engine.IO handshake, and the refusals of
// CONNECT.
func TestContractHandshake(t *testing.T) {
	t.Parallel()
	s := harness.Start(t)
	for _, transport := range []string{harness.Websocket, harness.Polling} {
		k := s.Open(harness.Dial{Transport: transport})
		want := harness.Handshake{SID: k.Open.SID, PingInterval: 10000, PingTimeout: 10000, MaxPayload: 65536}
		if transport == harness.Polling {
			want.Upgrades = []string{"websocket"}
		}
		if fmt.Sprint(k.Open) != fmt.Sprint(want) || k.Open.Upgrades == nil || len(k.Open.SID) < 20 {
			t.Errorf("%s: %+v, want %+v", transport, k.Open, want)
		}
	}
	for _, auth := range []any{nil, map[string]any{"token": ""}, map[string]any{"token": "x"}, map[string]any{"token": 1},
		map[string]any{"token": nil}, map[string]any{}} {
		k := s.Open(harness.Dial{Auth: auth})
		refusedWith(t, k.Connect(), "invalid_token")
	}
	for _, auth := range []any{"token", []string{"x"}, 1, true} { // not a CONNECT of Socket.IO 5
		if p := s.Open(harness.Dial{Auth: auth}).Connect(); p.Kind != harness.Closed {
			t.Errorf("CONNECT with %v: %v", auth, p)
		}
	}
}

// TestContractAuthTokenDecides: a non-empty auth.token overrides the cookie, also after
// the upgrade.
func TestContractAuthTokenDecides(t *testing.T) {
	t.Parallel()
	s := harness.Start(t)
	b := s.Browser()
	b.Login("ali")
	token := s.Login("veli")
	for _, transport := range transports {
		d := harness.Dial{Transport: transport, Cookie: b.CookieHeader(), Origin: s.URL}
		if got := s.Dial(d).Register(); got.Response.Username != "ali" {
			t.Errorf("%s by cookie: %+v", transport, got.Response)
		}
		d.Token = token
		if got := s.Dial(d).Register(); got.Response.Username != "veli" {
			t.Errorf("%s by token: %+v", transport, got.Response)
		}
		d.Auth = map[string]string{"token": "nonsense"}
		k := s.Open(d)
		refusedWith(t, k.Connect(), "invalid_token")
		d.Auth = map[string]string{"token": ""} // empty: the cookie
		if got := s.Dial(d).Register(); got.Response.Username != "ali" {
			t.Errorf("%s by cookie, empty token: %+v", transport, got.Response)
		}
	}
}
