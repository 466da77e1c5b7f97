package session

import (
	"errors"
	"testing"
	"time"
)

func logIn(session string) Login {
	return Login{User: "ada-id", CredVersion: 4, Session: session, Device: "Firefox", DeviceHash: []byte("new device"), Address: "192.0.2.1"}
}

func TestA1_LoginTakesNoSeat(t *testing.T) {
	for name, c := range map[string]struct {
		st      State
		refused bool
		events  []said
		seat    SeatState
	}{
		"into an empty pool": {given(), false, []said{{SessionStarted, "ada", "", "", ""}}, ""},
		"into a full pool":   {given(others(3, 0)), false, []said{{SessionStarted, "ada", "", "", ""}}, ""},
		"S2 with login = seat": {given(loginSeat), false,
			[]said{{SessionStarted, "ada", "", Reconnecting, ""}}, Grace},
		"S2 with login = seat into a full pool": {given(loginSeat, others(3, 0)), true, nil, ""},
		"S2 S4 with login = seat, a seat can be given away": {given(loginSeat, others(2, 0), next(GraceOrdinary, 0, time.Minute)), false,
			[]said{{SeatFreed, "bob", "", Offline, "seat_lost"}, {SessionStarted, "ada", "", Reconnecting, ""}}, Grace},
		"A8 an admin takes none at login": {given(loginSeat, admin, others(3, 0)), false,
			[]said{{SessionStarted, "ada", "", "", ""}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			ch, s, err := admit(c.st, DefaultRules(), start, logIn("new"))
			if c.refused {
				if e := seatError(t, err); e.Max != 3 || e.Used != 3 || !ch.Empty() {
					t.Errorf("error %+v, change %+v", e, ch)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			st := then(t, c.st, ch)
			wantEvents(t, ch, c.events...)
			wantSeat(t, st, c.seat, "new")
			if len(st.Sessions) != 1 || st.Sessions[0].ID != s.ID || !s.Expires.Equal(at(24*time.Hour)) || s.User != "ada-id" || s.Pool != 1 {
				t.Errorf("session %+v", s)
			}
			if c.seat == Grace && (st.Seat.Kind != GraceLogin || !st.Seat.Deadline.Equal(at(30*time.Second)) || !st.Seat.Reclaim.Equal(st.Seat.Deadline)) {
				t.Errorf("seat %+v, want it for 30 s and not to be given away", st.Seat)
			}
		})
	}
}

// A login on the same device takes a seat like any other where the session has
// none any more.
func TestS2_RotationTakesASeat(t *testing.T) {
	for name, c := range map[string]struct {
		st      State
		refused bool
		events  []said
		seat    SeatState
	}{
		"the seat is lost, there is room": {given(loginSeat, live("old", time.Hour)), false,
			[]said{{SessionRotated, "ada", "", Reconnecting, ""}}, Grace},
		"the seat is lost, the pool is full": {given(loginSeat, live("old", time.Hour), others(3, 0)), true, nil, ""},
		"the seat is there": {given(loginSeat, live("old", time.Hour), connected("old", "c1")), false,
			[]said{{SessionRotated, "ada", "", "", ""}}, Held},
		"login = session": {given(live("old", time.Hour)), false, []said{{SessionRotated, "ada", "", "", ""}}, ""},
		"A8 an admin":     {given(loginSeat, admin, live("old", time.Hour)), false, []said{{SessionRotated, "ada", "", "", ""}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			in := logIn("new")
			in.Proof = "old"
			ch, _, err := admit(c.st, DefaultRules(), start, in)
			if c.refused {
				if e := seatError(t, err); e.Used != 3 || !ch.Empty() {
					t.Errorf("error %+v, change %+v", e, ch)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			wantEvents(t, ch, c.events...)
			wantSeat(t, then(t, c.st, ch), c.seat, "new")
		})
	}
}

func loginSeat(st *State) { st.Pool.Login = LoginSeat }

func TestA2_AUserHoldsOneSeat(t *testing.T) {
	st := given(live("one", time.Hour), connected("one", "c1"), live("two", time.Minute))
	st.Pool.MaxSessions = 2
	ch, err := register(st, DefaultRules(), start, Registration{User: "ada-id", Session: "two", Conn: "c2"})
	if err != nil {
		t.Fatal(err)
	}
	st = then(t, st, ch)
	if st.Pool.Used() != 1 || len(st.Conns) != 2 {
		t.Errorf("%d seats used by %d connections", st.Pool.Used(), len(st.Conns))
	}
	wantEvents(t, ch, said{ConnectionRegistered, "ada", "", "", ""}) // P2: nobody is told
	wantSeat(t, st, Held, "two")
}

func TestA3_ReplaceTransfersTheSeat(t *testing.T) {
	for name, c := range map[string]struct {
		st       State
		events   []said
		seat     SeatState
		since    time.Time
		deadline time.Duration
	}{
		"a held seat": {given(live("old", time.Hour), connected("old", "c1")),
			[]said{{SessionEnded, "ada", Replaced, Reconnecting, ""}, {SessionStarted, "ada", "", "", ""}}, Grace, at(-time.Hour), 30 * time.Second},
		"in a full pool": {given(live("old", time.Hour), connected("old", "c1"), others(2, 0)),
			[]said{{SessionEnded, "ada", Replaced, Reconnecting, ""}, {SessionStarted, "ada", "", "", ""}}, Grace, at(-time.Hour), 30 * time.Second},
		"above a lowered limit": {given(live("old", time.Hour), connected("old", "c1"), others(5, 0)),
			[]said{{SessionEnded, "ada", Replaced, Reconnecting, ""}, {SessionStarted, "ada", "", "", ""}}, Grace, at(-time.Hour), 30 * time.Second},
		"in grace already": {given(live("old", time.Hour), inGrace("old", GraceOrdinary, time.Second, 10*time.Second)),
			[]said{{SessionEnded, "ada", Replaced, "", ""}, {SessionStarted, "ada", "", "", ""}}, Grace, at(-time.Hour), 30 * time.Second},
		"no seat": {given(live("old", time.Hour), others(3, 0)),
			[]said{{SessionEnded, "ada", Replaced, "", ""}, {SessionStarted, "ada", "", "", ""}}, "", time.Time{}, 0},
		"a grace that is over": {given(live("old", time.Hour), inGrace("old", GraceOrdinary, -time.Minute, 0)),
			[]said{{SeatFreed, "ada", "", Offline, "lost"}, {SessionEnded, "ada", Replaced, "", ""}, {SessionStarted, "ada", "", "", ""}}, "", time.Time{}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			ch, _, err := admit(c.st, DefaultRules(), start, logIn("new"))
			if err != nil {
				t.Fatal(err)
			}
			st := then(t, c.st, ch)
			wantEvents(t, ch, c.events...)
			wantSeat(t, st, c.seat, "new")
			if got := ended(ch); len(got) != 1 || got["old"] != Replaced {
				t.Errorf("ended %v", got)
			}
			if len(st.Conns) != 0 {
				t.Errorf("connections %v", st.Conns)
			}
			if c.seat == "" {
				return
			}
			if s := st.Seat; !s.Since.Equal(c.since) || !s.Deadline.Equal(at(c.deadline)) || !s.Reclaim.Equal(s.Deadline) || s.Kind != GraceHandover {
				t.Errorf("seat %+v", s)
			}
			// The new session registers: inside as before. Or nobody comes.
			in, err := register(st, DefaultRules(), at(time.Second), Registration{User: "ada-id", Session: "new", Conn: "c2"})
			if err != nil {
				t.Fatal(err)
			}
			wantSeat(t, then(t, st, in), Held, "new")
			wantEvents(t, in, said{ConnectionRegistered, "ada", "", Online, ""})
			wantEvents(t, expire(st, DefaultRules(), at(30*time.Second)), said{SeatFreed, "ada", "", Offline, "replaced"})
		})
	}
}

func TestA4_TheLeastActiveGivesWay(t *testing.T) {
	st := given(live("a", time.Hour), live("b", 3*time.Hour), live("c", 2*time.Hour))
	st.Pool.MaxSessions = 3
	ch, _, err := admit(st, DefaultRules(), start, logIn("new"))
	if err != nil {
		t.Fatal(err)
	}
	if got := ended(ch); len(got) != 1 || got["b"] != Replaced {
		t.Errorf("ended %v, want b", got)
	}
	st.Pool.MaxSessions = 0 // the server's rules decide: one
	ch, _, err = admit(st, DefaultRules(), start, logIn("new"))
	if err != nil || len(ended(ch)) != 3 {
		t.Errorf("ended %v, %v, want all three", ended(ch), err)
	}
	then(t, st, ch)
}

func TestA5_SameDeviceRotates(t *testing.T) {
	base := []func(*State){live("old", time.Hour), connected("old", "c1"), others(2, 0)}
	for name, in := range map[string]Login{
		"by cookie":        {User: "ada-id", CredVersion: 4, Session: "new", DeviceHash: []byte("device of old")},
		"by token":         {User: "ada-id", CredVersion: 4, Session: "new", DeviceHash: []byte("other"), Proof: "old"},
		"without a cookie": {User: "ada-id", CredVersion: 4, Session: "new", Proof: "old"},
	} {
		t.Run(name, func(t *testing.T) {
			st := given(base...)
			ch, _, err := admit(st, DefaultRules(), start, in)
			if err != nil {
				t.Fatal(err)
			}
			wantEvents(t, ch, said{SessionRotated, "ada", "", "", ""}) // nobody is told
			if e := ch.Events[0]; e.Session != "old" || e.Successor != "new" {
				t.Errorf("event %+v", e)
			}
			if got := ended(ch); len(got) != 1 || got["old"] != Rotated {
				t.Errorf("ended %v", got)
			}
			st = then(t, st, ch)
			wantSeat(t, st, Held, "new")
			if len(st.Conns) != 1 || st.Conns[0].ID != "c1" || st.Conns[0].Session != "new" {
				t.Errorf("connections %+v", st.Conns)
			}
		})
	}
	for name, in := range map[string]Login{
		"another device's":   {User: "ada-id", CredVersion: 4, Session: "new", DeviceHash: []byte("other")},
		"an unknown proof":   {User: "ada-id", CredVersion: 4, Session: "new", Proof: "gone"},
		"nothing to show":    {User: "ada-id", CredVersion: 4, Session: "new"},
		"an empty hash only": {User: "ada-id", CredVersion: 4, Session: "new", DeviceHash: []byte{}},
	} {
		t.Run("not: "+name, func(t *testing.T) {
			st := given(base...)
			ch, _, err := admit(st, DefaultRules(), start, in)
			if err != nil || ended(ch)["old"] != Replaced {
				t.Errorf("ended %v, %v, want it replaced", ended(ch), err)
			}
			then(t, st, ch)
		})
	}
	t.Run("an expired session is not continued", func(t *testing.T) {
		st := given(live("old", 25*time.Hour), connected("old", "c1"))
		ch, _, err := admit(st, DefaultRules(), start, Login{User: "ada-id", CredVersion: 4, Session: "new", Proof: "old"})
		if err != nil || ended(ch)["old"] != Expired {
			t.Errorf("ended %v, %v", ended(ch), err)
		}
		wantSeat(t, then(t, st, ch), "", "")
	})
}

// A login makes its device known, whatever became of the session before; an
// operator's does not.
func TestSEC07_ALoginMakesItsDeviceKnown(t *testing.T) {
	for name, c := range map[string]struct {
		in    Login
		known bool
	}{
		"a new device":     {logIn("new"), true},
		"the same device":  {Login{User: "ada-id", CredVersion: 4, Session: "new", DeviceHash: []byte("device of old")}, true},
		"without a device": {Login{User: "ada-id", CredVersion: 4, Session: "new"}, false},
		"issued":           {Login{User: "ada-id", Session: "new", DeviceHash: []byte("d"), Issued: true}, false},
		"refused":          {Login{User: "ada-id", CredVersion: 3, Session: "new", DeviceHash: []byte("d")}, false},
	} {
		t.Run(name, func(t *testing.T) {
			ch, _, _ := admit(given(live("old", time.Hour)), DefaultRules(), start, c.in)
			if d := ch.Device; (d != nil) != c.known || c.known && (d.User != "ada-id" || string(d.Hash) != string(c.in.DeviceHash) || !d.Seen.Equal(start)) {
				t.Errorf("device %+v", d)
			}
		})
	}
}

func TestA7_ALoginIsBoundToItsCredentials(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*State)
		in     Login
		want   error
	}{
		"as checked":        {func(*State) {}, logIn("new"), nil},
		"changed meanwhile": {func(st *State) { st.User.CredVersion++ }, logIn("new"), ErrInvalidCredentials},
		"issued":            {func(st *State) { st.User.CredVersion++ }, Login{User: "ada-id", Session: "new", Issued: true}, nil},
		"disabled":          {func(st *State) { st.User.Disabled = true }, logIn("new"), ErrInvalidCredentials},
		"deleted":           {func(st *State) { st.User.Deleted = true }, logIn("new"), ErrInvalidCredentials},
		"issued, disabled":  {func(st *State) { st.User.Disabled = true }, Login{User: "ada-id", Session: "new", Issued: true}, ErrInvalidCredentials},
	} {
		t.Run(name, func(t *testing.T) {
			ch, s, err := admit(given(c.change, live("old", time.Hour)), DefaultRules(), start, c.in)
			if !errors.Is(err, c.want) {
				t.Fatalf("error %v, want %v", err, c.want)
			}
			if c.want != nil && (!ch.Empty() || s.ID != "") {
				t.Errorf("a refusal changed something: %+v", ch)
			}
			if c.want == nil && s.Issued != c.in.Issued {
				t.Errorf("session %+v", s)
			}
		})
	}
}

func TestA8_AdminsHoldNoSeat(t *testing.T) {
	st := given(admin, others(3, 0))
	ch, s, err := admit(st, DefaultRules(), start, logIn("one"))
	if err != nil {
		t.Fatal(err)
	}
	st = then(t, st, ch)
	ch, err = register(st, DefaultRules(), start, Registration{User: "ada-id", Session: s.ID, Conn: "c1"})
	if err != nil {
		t.Fatal(err)
	}
	st = then(t, st, ch)
	wantEvents(t, ch, said{ConnectionRegistered, "ada", "", "", ""})
	// S1 holds for them ...
	ch, err = register(st, DefaultRules(), start, Registration{User: "ada-id", Session: s.ID, Conn: "c2"})
	if err != nil || len(ch.Events) != 1 || len(ch.Events[0].Dropped) != 1 {
		t.Errorf("change %+v, %v", ch, err)
	}
	st = then(t, st, ch)
	// ... and A3.
	in := logIn("two")
	in.DeviceHash = []byte("another device")
	ch, _, err = admit(st, DefaultRules(), start, in)
	if err != nil || ended(ch)["one"] != Replaced {
		t.Errorf("ended %v, %v", ended(ch), err)
	}
	st = then(t, st, ch)
	if len(st.Conns) != 0 || st.Seat != nil || st.Pool.Used() != 3 || st.Pool.PresenceSeq != 50 {
		t.Errorf("state %+v", st)
	}
}
