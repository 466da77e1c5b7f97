package session

import (
	"testing"
	"time"
)

func TestS3_Leaving(t *testing.T) {
	atOnce := DefaultRules()
	atOnce.Grace = 0
	two := []func(*State){live("one", time.Hour), connected("one", "c1"), live("two", time.Hour), connected("two", "c2")}
	for name, c := range map[string]struct {
		st      State
		rules   Rules
		in      Disconnect
		event   said
		seat    SeatState
		session string
	}{
		"DISCONNECT frees at once": {given(live("one", time.Hour), connected("one", "c1")), DefaultRules(), Disconnect{Conn: "c1", Clean: true},
			said{ConnectionLeft, "ada", "", Offline, "left"}, "", ""},
		"a lost transport is grace": {given(live("one", time.Hour), connected("one", "c1")), DefaultRules(), Disconnect{Conn: "c1"},
			said{ConnectionLeft, "ada", "", Reconnecting, ""}, Grace, "one"},
		"unless there is none": {given(live("one", time.Hour), connected("one", "c1")), atOnce, Disconnect{Conn: "c1"},
			said{ConnectionLeft, "ada", "", Offline, "lost"}, "", ""},
		"not the last one": {given(two...), DefaultRules(), Disconnect{Conn: "c2", Clean: true},
			said{ConnectionLeft, "ada", "", "", ""}, Held, "one"},
		"not the last one, and not the seat's": {given(two...), DefaultRules(), Disconnect{Conn: "c1"},
			said{ConnectionLeft, "ada", "", "", ""}, Held, "two"},
		"A8 an admin": {given(admin, live("one", time.Hour), connected("one", "c1")), DefaultRules(), Disconnect{Conn: "c1"},
			said{ConnectionLeft, "ada", "", "", ""}, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			ch := leave(c.st, c.rules, start, c.in)
			wantEvents(t, ch, c.event)
			st := then(t, c.st, ch)
			wantSeat(t, st, c.seat, c.session)
			if len(st.Sessions) != len(c.st.Sessions) {
				t.Error("leaving ended a session")
			}
		})
	}
}

func TestI3_ALateLeaveHitsNoSuccessor(t *testing.T) {
	st := given(live("one", time.Hour), connected("one", "c1"))
	ch, err := register(st, DefaultRules(), start, reg("one", "c2")) // replaces c1
	if err != nil {
		t.Fatal(err)
	}
	st = then(t, st, ch)
	if ch := leave(st, DefaultRules(), start, Disconnect{Conn: "c1", Clean: true}); !ch.Empty() {
		t.Errorf("a replaced connection changed %+v", ch)
	}
	if ch := end(st, DefaultRules(), start, Ending{User: "ada-id", Session: "gone", Code: LoggedOut}); !ch.Empty() {
		t.Errorf("ending an unknown session changed %+v", ch)
	}
	wantSeat(t, st, Held, "one")
}
