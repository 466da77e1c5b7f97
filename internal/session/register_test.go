package session

import (
	"errors"
	"slices"
	"testing"
	"time"
)

func reg(session, conn string) Registration {
	return Registration{User: "ada-id", Session: session, Conn: conn}
}

func TestS1_TheNewestConnectionWins(t *testing.T) {
	for name, c := range map[string]struct {
		per     int
		conns   []string
		dropped []string
	}{
		"one":             {1, []string{"a"}, []string{"a"}},
		"two":             {2, []string{"a", "b"}, []string{"a"}},
		"two, room":       {2, []string{"a"}, nil},
		"lowered to one":  {1, []string{"a", "b", "c"}, []string{"a", "b", "c"}},
		"any number":      {0, []string{"a", "b", "c"}, nil},
		"the first comes": {1, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			st := given(live("one", time.Hour))
			for _, id := range c.conns {
				connected("one", id)(&st)
			}
			rules := DefaultRules()
			rules.ConnsPerSession = c.per
			ch, err := register(st, rules, start, reg("one", "new"))
			if err != nil || len(ch.Events) != 1 {
				t.Fatalf("%+v, %v", ch, err)
			}
			if !slices.Equal(ch.Events[0].Dropped, c.dropped) || !slices.Equal(ch.ConnsGone, c.dropped) {
				t.Errorf("dropped %v, want %v", ch.Events[0].Dropped, c.dropped)
			}
			if (ch.Events[0].Status == "") != (c.conns != nil) {
				t.Errorf("status %q: presence says nothing when the seat stays held [P2]", ch.Events[0].Status)
			}
			after := then(t, st, ch)
			wantSeat(t, after, Held, "one")
			if len(ended(ch)) != 0 || len(after.Sessions) != 1 || ch.Events[0].Connections != len(after.Conns) {
				t.Errorf("state %+v", after)
			}
		})
	}
	t.Run("sessions do not take connections from each other", func(t *testing.T) {
		st := given(live("one", time.Hour), live("two", time.Hour), connected("one", "a"))
		ch, err := register(st, DefaultRules(), start, reg("two", "b"))
		if err != nil || len(ch.ConnsGone) != 0 {
			t.Errorf("%+v, %v", ch, err)
		}
		wantSeat(t, then(t, st, ch), Held, "two")
	})
	t.Run("the older of two sessions registers", func(t *testing.T) {
		st := given(live("one", time.Hour), live("two", time.Hour), connected("two", "b"))
		ch, err := register(st, DefaultRules(), start, reg("one", "a"))
		if err != nil {
			t.Fatal(err)
		}
		wantSeat(t, then(t, st, ch), Held, "one")
	})
}

func TestS2_Register(t *testing.T) {
	for name, c := range map[string]struct {
		st     State
		in     Registration
		err    error
		events []said
		seat   SeatState
	}{
		"takes a seat":        {given(live("one", 0)), reg("one", "c1"), nil, []said{{ConnectionRegistered, "ada", "", Online, ""}}, Held},
		"the last one":        {given(live("one", 0), others(2, 0)), reg("one", "c1"), nil, []said{{ConnectionRegistered, "ada", "", Online, ""}}, Held},
		"a repeat is a no-op": {given(live("one", 0), connected("one", "c1")), reg("one", "c1"), nil, nil, Held},
		"resumes": {given(live("one", 0), inGrace("one", GraceOrdinary, 0, time.Second), others(2, 0)), reg("one", "c1"), nil,
			[]said{{ConnectionRegistered, "ada", "", Online, ""}}, Held},
		"resumes above a lowered limit": {given(live("one", 0), inGrace("one", GraceBoot, 0, time.Second), others(5, 0)), reg("one", "c1"), nil,
			[]said{{ConnectionRegistered, "ada", "", Online, ""}}, Held},
		"S6 too late to resume, room": {given(live("one", 0), inGrace("one", GraceOrdinary, -time.Second, 0), others(2, 0)), reg("one", "c1"), nil,
			[]said{{SeatFreed, "ada", "", Offline, "lost"}, {ConnectionRegistered, "ada", "", Online, ""}}, Held},
		"another's session":  {given(live("one", 0)), reg("other", "c1"), ErrUnknown, nil, ""},
		"T2 an expired one":  {given(live("one", 24*time.Hour)), reg("one", "c1"), ErrUnknown, []said{{SessionEnded, "ada", Expired, "", ""}}, ""},
		"T2 expired, seated": {given(live("one", 24*time.Hour), connected("one", "c1")), reg("one", "c2"), ErrUnknown, []said{{SessionEnded, "ada", Expired, Offline, "expired"}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			ch, err := register(c.st, DefaultRules(), start, c.in)
			if !errors.Is(err, c.err) {
				t.Fatalf("error %v, want %v", err, c.err)
			}
			wantEvents(t, ch, c.events...)
			st := then(t, c.st, ch)
			wantSeat(t, st, c.seat, "one")
			if c.seat == Held && err == nil && len(ch.Events) > 0 && !st.Sessions[0].LastActive.Equal(start) {
				t.Errorf("last active %v", st.Sessions[0].LastActive)
			}
		})
	}
}

func TestS4_ReclaimUnderPressure(t *testing.T) {
	for name, c := range map[string]struct {
		st     State
		events []said // nil: refused
		lost   bool
	}{
		"ordinary grace, 3 s over": {given(live("one", 0), others(2, 0), next(GraceOrdinary, 0, 12*time.Second)),
			[]said{{SeatFreed, "bob", "", Offline, "seat_lost"}, {ConnectionRegistered, "ada", "", Online, ""}}, true},
		"ordinary grace, not yet": {given(live("one", 0), others(2, 0), next(GraceOrdinary, time.Millisecond, 12*time.Second)), nil, false},
		"there is room":           {given(live("one", 0), others(1, 0), next(GraceOrdinary, -time.Second, 12*time.Second)), []said{{ConnectionRegistered, "ada", "", Online, ""}}, false},
		"boot grace":              {given(live("one", 0), others(2, 0), next(GraceBoot, time.Minute, time.Minute)), nil, false},
		"boot grace is over":      {given(live("one", 0), others(2, 0), next(GraceBoot, 0, 0)), []said{{SeatFreed, "bob", "", Offline, "lost"}, {ConnectionRegistered, "ada", "", Online, ""}}, false},
		"a moved seat":            {given(live("one", 0), others(2, 0), next(GraceHandover, time.Second, time.Second)), nil, false},
		"a moved seat, over":      {given(live("one", 0), others(2, 0), next(GraceHandover, 0, 0)), []said{{SeatFreed, "bob", "", Offline, "replaced"}, {ConnectionRegistered, "ada", "", Online, ""}}, false},
		"above a lowered limit":   {given(live("one", 0), others(3, 0), next(GraceOrdinary, 0, 12*time.Second)), nil, false}, // A2
		"nobody in grace":         {given(live("one", 0), others(3, 0)), nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			ch, err := register(c.st, DefaultRules(), start, reg("one", "c1"))
			wantEvents(t, ch, c.events...)
			st := then(t, c.st, ch)
			if c.events == nil {
				seatError(t, err)
				wantSeat(t, st, "", "")
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			wantSeat(t, st, Held, "one")
			if slices.Equal(ch.SeatLost, []string{"bob-id"}) != c.lost {
				t.Errorf("seat lost %v", ch.SeatLost)
			}
		})
	}
}

func TestS4_GraceOfALostTransport(t *testing.T) {
	for name, c := range map[string]struct {
		grace, reclaimAfter, deadline, reclaim time.Duration
	}{
		"default":       {15 * time.Second, 3 * time.Second, 15 * time.Second, 3 * time.Second},
		"shorter grace": {2 * time.Second, 3 * time.Second, 2 * time.Second, 2 * time.Second},
		"at once":       {15 * time.Second, 0, 15 * time.Second, 0},
	} {
		t.Run(name, func(t *testing.T) {
			rules := DefaultRules()
			rules.Grace, rules.ReclaimAfter = c.grace, c.reclaimAfter
			st := given(live("one", time.Hour), connected("one", "c1"))
			st = then(t, st, leave(st, rules, start, Disconnect{User: "ada-id", Conn: "c1"}))
			if s := st.Seat; s == nil || s.Kind != GraceOrdinary || !s.Deadline.Equal(at(c.deadline)) || !s.Reclaim.Equal(at(c.reclaim)) {
				t.Errorf("seat %+v", s)
			}
		})
	}
}

func TestS4_SeatLostUntilHeldAgain(t *testing.T) {
	st := given(live("one", 0), others(3, 0))
	st.User.SeatLost = true
	_, err := register(st, DefaultRules(), start, reg("one", "c1"))
	if !seatError(t, err).Lost {
		t.Error("the refusal does not say that the seat was lost")
	}
	st.Pool.Held--
	ch, err := register(st, DefaultRules(), start, reg("one", "c1"))
	if err != nil || ch.User == nil || ch.User.SeatLost {
		t.Errorf("user %+v, %v, want the mark cleared", ch.User, err)
	}
	then(t, st, ch)
}

func TestS6_AnEndedSeatDoesNotRevive(t *testing.T) {
	st := given(live("one", time.Hour), inGrace("one", GraceOrdinary, -time.Second, 0), others(2, 0))
	st.Pool.Limit = 2
	ch, err := register(st, DefaultRules(), start, reg("one", "c1"))
	if e := seatError(t, err); e.Used != 2 {
		t.Errorf("error %+v", e)
	}
	wantEvents(t, ch, said{SeatFreed, "ada", "", Offline, "lost"})
	wantSeat(t, then(t, st, ch), "", "")
}

func TestS9_ARefusalHelps(t *testing.T) {
	for name, c := range map[string]struct {
		st    State
		retry time.Duration
	}{
		"nobody about to leave": {given(live("one", 0), others(3, 0)), 5 * time.Second},
		"somebody soon":         {given(live("one", 0), others(2, 0), next(GraceOrdinary, 2*time.Second, time.Minute)), 2 * time.Second},
		"somebody later":        {given(live("one", 0), others(2, 0), next(GraceBoot, time.Minute, time.Minute)), 5 * time.Second},
		"any moment":            {given(live("one", 0), others(2, 0), next(GraceOrdinary, time.Millisecond, time.Minute)), time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := register(c.st, DefaultRules(), start, reg("one", "c1"))
			if e := seatError(t, err); e != (SeatError{Pool: "default", Max: 3, Used: 3, RetryAfter: c.retry}) {
				t.Errorf("error %+v, want retry after %v", e, c.retry)
			}
		})
	}
}
