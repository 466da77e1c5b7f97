package e2e

import (
	"fmt"
	"testing"

	"github.com/turnike/turnike/e2e/harness"
)

// seat returns the state of a user's seat in `session list`.
func seat(row harness.SessionRow) string {
	if row.Seat == nil {
		return "none"
	}
	return *row.Seat
}

// TestS1_NewestConnectionWins: only the older connection of the same session ends; the
// session, the seat and other users are not affected.
func TestS1_NewestConnectionWins(t *testing.T) {
	t.Parallel()
	s := harness.Start(t)
	watcher := s.Socket(s.Login("veli"))
	watcher.Register()
	for _, transport := range transports {
		t.Run(transport, func(t *testing.T) {
			token := s.Login("ali")
			old := s.Dial(harness.Dial{Transport: transport, Token: token, Lang: "en"})
			old.Register()
			young := s.Dial(harness.Dial{Transport: transport, Token: token})
			got := young.Register()
			old.Ended("connection_ended", "connection_replaced", 4009)
			if got.Sync.Count != 2 || got.Slots.Used != 2 {
				t.Errorf("the newer one sees %+v", got)
			}
			s.Bearer(token).Get("/socket").Want(200)
			young.Leave()
			if s := watcher.Status("ali", "offline"); *s.Reason != "left" {
				t.Errorf("%+v", s)
			}
		})
	}
	// The presence watch checks every sequence number, so there were no other events.
	s.Socket(s.Login("ayse")).Register()
	watcher.Status("ayse", "online")
}

// TestS1_PresenceSaysNothing: others receive no event for a replaced connection.
func TestS1_PresenceSaysNothing(t *testing.T) {
	t.Parallel()
	s := harness.Start(t)
	watcher := s.Socket(s.Login("veli"))
	watcher.Register()
	token := s.Login("ali")
	s.Socket(token).Register()
	watcher.Status("ali", "online")
	s.Socket(token).Register()
	s.Socket(s.Login("ayse")).Register()
	if p := watcher.Next(); p.Kind == harness.Event && p.Name == "connection_slots" {
		// of the joins; only user_status matters here
	} else if p.Name != "user_status" {
		t.Errorf("%v", p)
	}
	watcher.Status("ayse", "online")
	watcher.Barrier()
	if got := watcher.Statuses(); len(got) != 0 {
		t.Errorf("also said: %v", got)
	}
}

// TestS1_TwoTabsFight: after five replacements in ten seconds the connected tab stays
// and the next one is refused.
func TestS1_TwoTabsFight(t *testing.T) {
	t.Parallel()
	s := harness.Start(t)
	token := s.Login("ali")
	inside := s.Socket(token)
	inside.Register()
	for range 5 {
		next := s.Socket(token)
		next.Register()
		inside.Ended("connection_ended", "connection_replaced", 4009)
		inside = next
	}
	loser := s.Socket(token)
	loser.Fails("rate_limited", "register_user", map[string]any{})
	loser.Ended("connection_ended", "rate_limited", 4013)
	inside.Barrier()
	if seat(s.SessionOf("ali")) != "held" {
		t.Errorf("session %+v", s.SessionOf("ali"))
	}
}

// TestS1_DocumentedReconnect: two tabs that reconnect at once after each disconnect, as
// in Socket.IO's documentation. One of them is finally refused, the other stays.
func TestS1_DocumentedReconnect(t *testing.T) {
	t.Parallel()
	needed(t, "node", "fight.mjs")
	for _, transport := range []string{"websocket", "polling"} {
		s := harness.Start(t)
		o := s.Official("node", "fight.mjs", "socket.io-client", s.URL, transport, s.Login("ali"))
		var refused struct {
			Code       string `json:"code"`
			Retry      bool   `json:"retry"`
			RetryAfter int    `json:"retry_after"`
		}
		if err := harness.Decode(o.Until("connect_error", nil).Data, &refused); err != nil {
			t.Fatal(err)
		}
		if refused.Code != "rate_limited" || refused.Retry || refused.RetryAfter != 10 {
			t.Errorf("%s: refused with %+v", transport, refused)
		}
		var end struct {
			Connects int `json:"connects"`
			Inside   int `json:"inside"`
		}
		if err := harness.Decode(o.Until("end", nil).Data, &end); err != nil {
			t.Fatal(err)
		}
		if end.Inside != 1 || end.Connects > 24 {
			t.Errorf("%s: %+v", transport, end)
		}
		o.Ends()
	}
}

// TestS1_Tabs: with connections_per_session = 0 tabs share a seat, which is freed when
// the last one leaves.
func TestS1_Tabs(t *testing.T) {
	t.Parallel()
	s := harness.Start(t, harness.Set("seat.connections_per_session", "0"), harness.Set("seat.limit", "2"))
	watcher := s.Socket(s.Login("veli"))
	watcher.Register()
	token := s.Login("ali")
	var tabs []*harness.Socket
	for i := range 3 {
		k := s.Socket(token)
		got := k.Register()
		if got.Slots.Used != 2 || got.Sync.Count != 2 {
			t.Errorf("tab %d: %+v", i, got)
		}
		for _, e := range got.Sync.Users {
			if e.Username == "ali" && e.Connections != i+1 {
				t.Errorf("tab %d: %+v", i, e)
			}
		}
		tabs = append(tabs, k)
	}
	watcher.Status("ali", "online")
	tabs[0].Leave()
	tabs[0].Gone()
	tabs[1].Drop()
	if seat(s.SessionOf("ali")) != "held" {
		t.Errorf("session %+v", s.SessionOf("ali"))
	}
	tabs[2].Leave()
	if got := watcher.Status("ali", "offline"); *got.Reason != "left" {
		t.Errorf("%+v", got)
	}
}

// TestS3_Leaving: DISCONNECT frees the seat at once. After any loss of the transport the
// seat is in grace, and the owner can resume.
func TestS3_Leaving(t *testing.T) {
	t.Parallel()
	s := harness.Start(t)
	watcher := s.Socket(s.Login("veli"))
	watcher.Register()
	ways := map[string]func(*harness.Socket){
		"broken":         func(k *harness.Socket) { k.Drop() },
		"Engine.IO":      func(k *harness.Socket) { k.Raw("1") },
		"protocol error": func(k *harness.Socket) { k.Raw("9") },
	}
	for _, transport := range transports {
		for name, lose := range ways {
			t.Run(transport+" "+name, func(t *testing.T) {
				token := s.Login("ali")
				k := s.Dial(harness.Dial{Transport: transport, Token: token})
				k.Register()
				joined := watcher.Status("ali", "online")
				if name == "protocol error" && transport == harness.Polling {
					k.TryRaw("9") // answered with 400
				} else {
					lose(k)
				}
				lost := watcher.Status("ali", "reconnecting")
				if lost.Count != 2 || !harness.Time(lost.Since) || lost.Since < joined.Since {
					t.Errorf("%+v", lost)
				}
				again := s.Dial(harness.Dial{Transport: transport, Token: token})
				got := again.Register()
				back := watcher.Status("ali", "online")
				if got.Slots.Used != 2 || back.Count != 2 {
					t.Errorf("resumed: %+v, %+v", got.Slots, back)
				}
				again.Leave()
				left := watcher.Status("ali", "offline")
				if *left.Reason != "left" || left.Count != 1 {
					t.Errorf("%+v", left)
				}
			})
		}
	}
}

// TestS3_GraceRunsOut: a lost seat is freed at the end of its grace, or at once without
// grace, as in the seed.
func TestS3_GraceRunsOut(t *testing.T) {
	t.Parallel()
	for _, grace := range []string{"1s", "0s"} {
		s := harness.Start(t, harness.Set("seat.grace", grace))
		watcher := s.Socket(s.Login("veli"))
		watcher.Register()
		k := s.Socket(s.Login("ali"))
		k.Register()
		watcher.Status("ali", "online")
		k.Drop()
		if grace == "1s" {
			watcher.Status("ali", "reconnecting")
		}
		if got := watcher.Status("ali", "offline"); *got.Reason != "lost" || got.Count != 1 {
			t.Errorf("grace %s: %+v %s", grace, got, *got.Reason)
		}
		watcher.SlotsUsed(1)
		if row := s.SessionOf("ali"); seat(row) != "none" || row.Connected {
			t.Errorf("grace %s: the session outlives its seat: %+v", grace, row)
		}
	}
}

// TestS3_Logout: a logout frees the seat at once and ends every connection.
func TestS3_Logout(t *testing.T) {
	t.Parallel()
	s := harness.Start(t)
	watcher := s.Socket(s.Login("veli"))
	watcher.Register()
	for _, transport := range transports {
		t.Run(transport, func(t *testing.T) {
			b := s.Browser()
			k := s.Dial(harness.Dial{Transport: transport, Token: b.Login("ali").Token, Lang: "tr"})
			k.Register()
			watcher.Status("ali", "online")
			b.Clone().Post("/logout").Want(204) // another window
			k.Ended("session_ended", "logged_out", 4007)
			if got := watcher.Status("ali", "offline"); *got.Reason != "logged_out" {
				t.Errorf("%+v", got)
			}
		})
	}
}

// TestS4_Reclaim: a full pool takes a seat that has been lost for over
// reclaim_after, and its owner's next register fails with seat_lost.
func TestS4_Reclaim(t *testing.T) {
	t.Parallel()
	s := harness.Start(t, harness.Set("seat.limit", "1"), harness.Set("seat.grace", "5m"), harness.Set("seat.reclaim_after", "3s"))
	watcher := s.Socket(s.Login(harness.Admin))
	watcher.Register()
	token := s.Login("ali")
	k := s.Socket(token)
	k.Register()
	k.Drop()
	watcher.Status("ali", "reconnecting")

	rival := s.Socket(s.Login("veli"))
	refused := rival.Fails("seat_limit", "register_user", map[string]any{})
	full(t, refused, 1, 1)
	harness.Eventually(t, "a seat for the rival", func() bool { // three seconds
		ack := rival.Ack(rival.Call("register_user", map[string]any{}))
		var f harness.Failure
		inside := harness.Decode(ack, &f) != nil // not a failure's members
		if !inside && f.Code != "seat_limit" {
			t.Fatalf("%s", ack)
		}
		return inside
	})
	if got := watcher.Status("ali", "offline"); *got.Reason != "seat_lost" {
		t.Errorf("%+v %s", got, *got.Reason)
	}
	watcher.Status("veli", "online")

	s.Bearer(token).Get("/socket").Want(200) // the owner keeps the session
	back := s.Socket(token)
	full(t, back.Fails("seat_lost", "register_user", map[string]any{}), 1, 1)
	full(t, back.Fails("seat_lost", "register_user", map[string]any{}), 1, 1)
	rival.Leave()
	watcher.Status("veli", "offline")
	back.Register()
	back.Leave()
	watcher.Status("ali", "offline")
	// After holding a seat again, the next refusal is an ordinary one.
	s.Socket(s.Login("ayse")).Register()
	full(t, s.Socket(token).Fails("seat_limit", "register_user", map[string]any{}), 1, 1)
}

// full checks the helpful fields of a refusal [S9].
func full(t *testing.T, f harness.Failure, limit, used int) {
	t.Helper()
	if f.Pool != "default" || f.Max == nil || *f.Max != limit || f.Used == nil || *f.Used != used || f.RetryAfter == nil || *f.RetryAfter <= 0 {
		t.Errorf("refusal %+v, want pool default, max %d, used %d and a retry_after", f, limit, used)
	}
}

// TestS5_FrozenAndKilled: the server detects a suspended client by its pings, and a
// killed one by the broken connection.
func TestS5_FrozenAndKilled(t *testing.T) {
	t.Parallel()
	s := harness.Start(t, harness.Set("socketio.ping_interval", "500ms"), harness.Set("socketio.ping_timeout", "500ms"),
		harness.Set("seat.grace", "1s"))
	watcher := s.Socket(s.Login("veli"))
	watcher.Register()

	frozen := s.Client(s.Login("ali"))
	watcher.Status("ali", "online")
	frozen.Freeze(t)
	watcher.Status("ali", "reconnecting")
	if got := watcher.Status("ali", "offline"); *got.Reason != "lost" {
		t.Errorf("%+v", got)
	}

	killed := s.Client(s.Login("ayse"))
	watcher.Status("ayse", "online")
	killed.Kill(t)
	watcher.Status("ayse", "reconnecting")
	watcher.Status("ayse", "offline")
	watcher.Barrier()
}

// TestS6_LapsedSeat: a lapsed seat returns only through admission.
func TestS6_LapsedSeat(t *testing.T) {
	t.Parallel()
	s := harness.Start(t, harness.Set("seat.limit", "1"), harness.Set("seat.grace", "1s"))
	watcher := s.Socket(s.Login(harness.Admin))
	watcher.Register()
	token := s.Login("ali")
	k := s.Socket(token)
	k.Register()
	k.Drop()
	watcher.Status("ali", "offline")
	s.Socket(s.Login("veli")).Register()
	s.Socket(token).Fails("seat_limit", "register_user", map[string]any{})
}

// TestS7_Crash: after kill -9 no one is logged out, the owners resume, and no other user
// can enter.
func TestS7_Crash(t *testing.T) {
	t.Parallel()
	s := harness.Start(t, harness.Set("seat.limit", "2"), harness.Set("seat.reclaim_after", "0s"))
	tokens := s.Issue("ali", "veli", "ayse")
	for _, name := range []string{"ali", "veli"} {
		s.Socket(tokens[name]).Register()
	}
	lost := s.Socket(tokens["ali"]) // connected, to see how a crash looks
	s.Kill()
	lost.Until("the end", func(p harness.Packet) bool { return p.Kind == harness.Closed })
	s.Run()

	if p := s.Pool("default"); p.Used != 2 || p.Grace != 2 || p.Held != 0 {
		t.Errorf("after the crash: %+v", p)
	}
	stranger := s.Socket(tokens["ayse"])
	full(t, stranger.Fails("seat_limit", "register_user", map[string]any{}), 2, 2)
	first := s.Socket(tokens["ali"])
	got := first.Register()
	if got.Slots.Used != 2 || got.Online.Count != 2 {
		t.Errorf("ali resumed: %+v", got)
	}
	for _, e := range got.Sync.Users {
		if want := map[string]string{"ali": "online", "veli": "reconnecting"}[e.Username]; e.State != want {
			t.Errorf("ali resumed: %+v, want %s", e, want)
		}
	}
	s.Socket(tokens["veli"]).Register()
	first.Status("veli", "online")
	full(t, stranger.Fails("seat_limit", "register_user", map[string]any{}), 2, 2)
	if p := s.Pool("default"); p.Held != 2 || p.Used != 2 {
		t.Errorf("in the end: %+v", p)
	}
}

// TestS7_BootGraceRunsOut: unclaimed seats are freed at the end of boot grace.
func TestS7_BootGraceRunsOut(t *testing.T) {
	t.Parallel()
	s := harness.Start(t, harness.Set("seat.limit", "1"), harness.Set("seat.boot_grace", "1s"))
	tokens := s.Issue("ali")
	s.Socket(tokens["ali"]).Register()
	s.Kill()
	s.Run()
	watcher := s.Socket(s.Login(harness.Admin))
	if got := watcher.Register(); got.Slots.Used == 1 {
		watcher.Status("ali", "offline")
	}
	s.Socket(s.Login("veli")).Register()
	s.Bearer(tokens["ali"]).Get("/socket").Want(200) // still logged in
}

// TestS8_LowerLimit: no one is removed, and no one can enter until there is room.
func TestS8_LowerLimit(t *testing.T) {
	t.Parallel()
	s := harness.Start(t)
	inside := map[string]*harness.Socket{}
	for _, name := range []string{"ali", "veli", "ayse"} {
		inside[name] = s.Socket(s.Login(name))
		inside[name].Register()
	}
	s.Must("pool", "set", "default", "--limit", "1")
	slots := harness.Slots{Max: 3}
	for slots.Max != 1 {
		inside["ali"].UntilEvent("connection_slots", &slots)
	}
	if slots.Used != 3 || slots.Available != 0 {
		t.Errorf("after lowering: %+v", slots)
	}
	waiting := s.Socket(s.Login("fatma"))
	full(t, waiting.Fails("seat_limit", "register_user", map[string]any{}), 1, 3)
	for i, name := range []string{"veli", "ayse"} {
		inside[name].Leave()
		inside["ali"].Status(name, "offline")
		full(t, waiting.Fails("seat_limit", "register_user", map[string]any{}), 1, 2-i)
	}
	inside["ali"].Leave()
	s.Used(0)
	waiting.Register()
	if p := s.Pool("default"); p.Used != 1 || p.Limit != 1 {
		t.Errorf("%+v", p)
	}
	s.Must("pool", "set", "default", "--limit", "2")
	waiting.UntilEvent("connection_slots", &slots)
	for slots.Max != 2 {
		waiting.UntilEvent("connection_slots", &slots)
	}
	s.Socket(s.Login("veli")).Register()
	// A limit set by a command survives a restart and overrides the configuration.
	s.Restart()
	if p := s.Pool("default"); p.Limit != 2 {
		t.Errorf("after a restart: %+v", p)
	}
}

// TestS2_LoginSeat: in pools with login = "seat" the login itself takes a seat or is
// refused.
func TestS2_LoginSeat(t *testing.T) {
	t.Parallel()
	s := harness.Start(t)
	s.Must("pool", "set", "default", "--limit", "1", "--login", "seat")
	token := s.Login("ali")
	if p := s.Pool("default"); p.Used != 1 {
		t.Errorf("after the login: %+v", p)
	}
	a := s.Browser().TryLogin("veli", harness.Password)
	doc := a.Problem(409, "seat_limit")
	if fmt.Sprintf("%v %v %v", doc["pool"], doc["max"], doc["used"]) != "default 1 1" {
		t.Errorf("%v", doc)
	}
	k := s.Socket(token)
	k.Register()
	k.Leave()
	s.Used(0)
	s.Browser().TryLogin("veli", harness.Password).Want(200)
}
