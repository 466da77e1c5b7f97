package e2e

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/turnike/turnike/e2e/harness"
)

var transports = []string{harness.Websocket, harness.Polling, harness.Upgrade}

// TestContractRegister: the answers to register_user, their content and order,
// on each transport.
func TestContractRegister(t *testing.T) {
	t.Parallel()
	s := harness.Start(t, harness.Set("seat.limit", "6"), harness.Set("seat.grace", "7s"))
	for i, transport := range transports {
		user := harness.People()[i]
		login := s.Browser().Login(user)
		k := s.Dial(harness.Dial{Transport: transport, Token: login.Token})
		got := k.Register()
		want := harness.Registered{OK: true, Username: user, SID: k.ID, ExpiresAt: login.ExpiresAt, GraceMS: 7000,
			User: harness.Who{Username: user, Role: "user", Pool: "default"}}
		if got.Response != want {
			t.Errorf("%s: response %+v, want %+v", transport, got.Response, want)
		}
		slots := harness.Slots{Pool: "default", Max: 6, Used: i + 1, Available: 5 - i, Epoch: got.Sync.Epoch, Seq: got.Sync.Seq}
		if got.Slots != slots {
			t.Errorf("%s: connection_slots %+v, want %+v", transport, got.Slots, slots)
		}
		inside := slices.Sorted(slices.Values(harness.People()[:i+1]))
		if !slices.Equal(got.Online.Users, inside) || got.Online.Count != i+1 {
			t.Errorf("%s: online_users %+v, want %v", transport, got.Online, inside)
		}
		if got.Sync.Count != i+1 || len(got.Sync.Users) != i+1 {
			t.Fatalf("%s: presence_sync %+v", transport, got.Sync)
		}
		for _, e := range got.Sync.Users {
			if !slices.Contains(inside, e.Username) || e.State != "online" || e.Connections != 1 || !harness.Time(e.Since) {
				t.Errorf("%s: presence_sync entry %+v", transport, e)
			}
		}
		if got.Sync.Epoch == "" || !harness.Time(got.Response.ExpiresAt) {
			t.Errorf("%s: epoch %q, expires_at %q", transport, got.Sync.Epoch, got.Response.ExpiresAt)
		}
	}
}

// TestContractRegisterWithoutAck: clients that request no ack, as in the seed, get the
// same events.
func TestContractRegisterWithoutAck(t *testing.T) {
	t.Parallel()
	s := harness.Start(t)
	token := s.Login("ali")
	k := s.Socket(token)
	k.Emit("register_user", map[string]string{"token": token, "username": "ali"})
	for _, name := range []string{"response", "connection_slots", "online_users", "presence_sync"} {
		var any json.RawMessage
		k.NextEvent(name, &any)
	}
}

// TestContractRegisterAgain: a repetition on the same connection has no effect, returns
// the same answers, and other clients receive no event.
func TestContractRegisterAgain(t *testing.T) {
	t.Parallel()
	s := harness.Start(t)
	watcher := s.Socket(s.Login("veli"))
	watcher.Register()
	k := s.Socket(s.Login("ali"))
	first := k.Register()
	again := k.Register()
	if first.Response != again.Response || first.Sync.Seq != again.Sync.Seq || len(again.Sync.Users) != 2 {
		t.Errorf("first %+v, then %+v", first, again)
	}
	s.Socket(s.Login("ayse")).Register()
	watcher.Status("ayse", "online") // the watch of the harness fails on a gap or a second "ali online"
	if s.Pool("default").Held != 3 {
		t.Errorf("pool %+v", s.Pool("default"))
	}
}

// TestContractRegisterRefused: the answers of register_user to invalid payloads. The
// session and the socket stay open.
func TestContractRegisterRefused(t *testing.T) {
	t.Parallel()
	s := harness.Start(t)
	other := s.Login("veli")
	token := s.Login("ali")
	k := s.Socket(token)
	for _, c := range []struct {
		code    string
		payload any
	}{
		{"bad_request", map[string]any{"token": nil}},
		{"bad_request", map[string]any{"token": 1}},
		{"bad_request", map[string]any{"username": nil}},
		{"bad_request", map[string]any{"username": []string{"ali"}}},
		{"bad_request", "ali"},
		{"bad_request", []any{}},
		{"invalid_token", map[string]any{"token": "not-a-token"}},
		{"invalid_token", map[string]any{"token": token + "x"}},
		{"token_mismatch", map[string]any{"token": other}},
		{"username_mismatch", map[string]any{"username": "veli"}},
		{"username_mismatch", map[string]any{"token": token, "username": "veli"}},
	} {
		t.Run(fmt.Sprint(c.code, c.payload), func(t *testing.T) {
			k.Fails(c.code, "register_user", c.payload)
		})
	}
	k.Fails("not_registered", "get_online_users")
	k.Register()
}

// TestContractEvents: the other events of a client, with and without an ack.
func TestContractEvents(t *testing.T) {
	t.Parallel()
	s := harness.Start(t)
	k := s.Socket(s.Login("ali"))

	type pong struct {
		Timestamp  string          `json:"timestamp"`
		ServerTime int64           `json:"server_time_ms"`
		Echo       json.RawMessage `json:"echo"`
	}
	echo := `{"a":[1,"<ü>",null]}`
	before := time.Now()
	id := k.Call("ping_manual", json.RawMessage(echo)) // also before register_user
	var p pong
	ack := k.Ack(id)
	if err := harness.Decode(ack, &p); err != nil {
		t.Fatal(err)
	}
	at, err := time.Parse(time.RFC3339, p.Timestamp)
	if err != nil || at.Before(before.Add(-time.Minute)) || string(p.Echo) != echo {
		t.Errorf("pong_manual %s, %v", ack, err)
	}
	if ms := at.UnixMilli() - p.ServerTime; ms < -1000 || ms > 1000 {
		t.Errorf("pong_manual: server_time_ms and timestamp differ: %s", ack)
	}
	var event json.RawMessage
	k.NextEvent("pong_manual", &event)
	if string(event) != string(ack) {
		t.Errorf("pong_manual %s, the ack %s", event, ack)
	}

	k.Register()
	online := k.Ack(k.Call("get_online_users"))
	k.NextEvent("online_users", &event)
	if want := `{"users":["ali"],"count":1}`; string(online) != want || string(event) != want {
		t.Errorf("online_users: ack %s, event %s, want %s", online, event, want)
	}

	var sync harness.Sync
	k.Emit("presence_sync", map[string]any{"epoch": "another", "seq": 0})
	k.NextEvent("presence_sync", &sync)
	if sync.Count != 1 {
		t.Errorf("presence_sync %+v", sync)
	}
}

// TestContractFailureLanguage: messages are in the client's language.
func TestContractFailureLanguage(t *testing.T) {
	t.Parallel()
	s := harness.Start(t)
	token := s.Login("ali")
	said := map[string]string{}
	for _, lang := range []string{"tr", "en"} {
		k := s.Dial(harness.Dial{Token: token, Lang: lang})
		said[lang] = k.Fails("not_registered", "get_online_users").Message
	}
	if said["tr"] == said["en"] || strings.TrimSpace(said["tr"]) == "" {
		t.Errorf("messages %q", said)
	}
}
