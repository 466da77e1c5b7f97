package session

import (
	"testing"
	"time"
)

func TestK1_End(t *testing.T) {
	two := []func(*State){live("one", time.Hour), connected("one", "c1"), live("two", time.Minute)}
	for name, c := range map[string]struct {
		st      State
		in      Ending
		ended   int
		events  []said
		seat    SeatState
		session string
	}{
		"the seat is freed": {given(live("one", time.Hour), connected("one", "c1")), Ending{Session: "one", Code: EndedByAdmin}, 1,
			[]said{{SessionEnded, "ada", EndedByAdmin, Offline, "ended_by_admin"}}, "", ""},
		"a seat in grace too": {given(live("one", time.Hour), inGrace("one", GraceBoot, 0, time.Minute)), Ending{Session: "one", Code: LoggedOut}, 1,
			[]said{{SessionEnded, "ada", LoggedOut, Offline, "logged_out"}}, "", ""},
		"no seat": {given(live("one", time.Hour)), Ending{Session: "one", Code: LoggedOut}, 1,
			[]said{{SessionEnded, "ada", LoggedOut, "", ""}}, "", ""},
		"the other session": {given(two...), Ending{Session: "two", Code: LoggedOut}, 1,
			[]said{{SessionEnded, "ada", LoggedOut, "", ""}}, Held, "one"},
		"another is inside": {given(append(two, connected("two", "c2"))...), Ending{Session: "one", Code: LoggedOut}, 1,
			[]said{{SessionEnded, "ada", LoggedOut, "", ""}}, Held, "two"},
		"all of the user": {given(append(two, connected("two", "c2"))...), Ending{Code: EndedByAdmin}, 2,
			[]said{{SessionEnded, "ada", EndedByAdmin, "", ""}, {SessionEnded, "ada", EndedByAdmin, Offline, "ended_by_admin"}}, "", ""},
		"none": {given(), Ending{Code: EndedByAdmin}, 0, nil, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			c.in.User, c.in.Reason = "ada-id", "maintenance"
			ch := end(c.st, DefaultRules(), start, c.in)
			wantEvents(t, ch, c.events...)
			st := then(t, c.st, ch)
			wantSeat(t, st, c.seat, c.session)
			if len(ended(ch)) != c.ended {
				t.Errorf("ended %v", ended(ch))
			}
			for _, s := range ch.Sessions {
				if !s.Ended.Equal(start) || s.Reason != "maintenance" {
					t.Errorf("session %+v", s)
				}
				if len(st.connsOf(s.ID)) > 0 {
					t.Error("an ended session keeps connections")
				}
			}
			for _, e := range ch.Events {
				if e.Reason != "maintenance" {
					t.Errorf("event %+v", e)
				}
			}
		})
	}
}

func TestT2_ExpiryInEveryState(t *testing.T) {
	for name, c := range map[string]struct {
		st     State
		events []said
	}{
		"held":           {given(live("one", 24*time.Hour), connected("one", "c1")), []said{{SessionEnded, "ada", Expired, Offline, "expired"}}},
		"grace":          {given(live("one", 24*time.Hour), inGrace("one", GraceOrdinary, 0, time.Minute)), []said{{SessionEnded, "ada", Expired, Offline, "expired"}}},
		"no seat":        {given(live("one", 24*time.Hour)), []said{{SessionEnded, "ada", Expired, "", ""}}},
		"not yet":        {given(live("one", 24*time.Hour-time.Millisecond), connected("one", "c1")), nil},
		"grace over":     {given(live("one", time.Hour), inGrace("one", GraceOrdinary, 0, 0)), []said{{SeatFreed, "ada", "", Offline, "lost"}}},
		"login unused":   {given(live("one", time.Hour), inGrace("one", GraceLogin, 0, 0)), []said{{SeatFreed, "ada", "", Offline, "lost"}}},
		"grace not over": {given(live("one", time.Hour), inGrace("one", GraceOrdinary, 0, time.Millisecond)), nil},
	} {
		t.Run(name, func(t *testing.T) {
			ch := expire(c.st, DefaultRules(), start)
			wantEvents(t, ch, c.events...)
			st := then(t, c.st, ch)
			if again := expire(st, DefaultRules(), start); !again.Empty() {
				t.Errorf("a second time: %+v", again) // once
			}
		})
	}
}
