package session

import (
	"errors"
	"testing"
	"time"
)

func draining(st *State) { st.Draining = true }

// drainRules free a lost seat at once and give others' away at once, so that
// only the drain keeps them.
func drainRules() Rules {
	rules := DefaultRules()
	rules.Grace, rules.ReclaimAfter = 0, 0
	return rules
}

func TestS7_DrainKeepsSeats(t *testing.T) {
	in := func(change ...func(*State)) State { return given(append(change, draining)...) }
	for name, c := range map[string]struct {
		st     State
		do     func(State) Change
		events []said
		seat   SeatState
	}{
		"a lost connection": {in(live("one", time.Hour), connected("one", "c1")),
			func(st State) Change { return leave(st, drainRules(), start, Disconnect{Conn: "c1"}) },
			[]said{{ConnectionLeft, "ada", "", Reconnecting, ""}}, Grace},
		"a lost connection, not noted yet": {given(live("one", time.Hour), connected("one", "c1")),
			func(st State) Change { return leave(st, drainRules(), start, Disconnect{Conn: "c1", draining: true}) },
			[]said{{ConnectionLeft, "ada", "", Reconnecting, ""}}, Grace},
		"the sweep": {in(live("one", time.Hour), inGrace("one", GraceOrdinary, -time.Second, -time.Second)),
			func(st State) Change { return expire(st, drainRules(), start) }, nil, Grace},
		"the sweep, boot grace": {in(live("one", time.Hour), inGrace("one", GraceBoot, -time.Second, -time.Second)),
			func(st State) Change { return expire(st, drainRules(), start) }, nil, Grace},
		"the sweep, a moved seat": {in(live("one", time.Hour), inGrace("one", GraceHandover, -time.Second, -time.Second)),
			func(st State) Change { return expire(st, drainRules(), start) }, nil, Grace},
		"S3 who says DISCONNECT leaves": {in(live("one", time.Hour), connected("one", "c1")),
			func(st State) Change { return leave(st, drainRules(), start, Disconnect{Conn: "c1", Clean: true}) },
			[]said{{ConnectionLeft, "ada", "", Offline, "left"}}, ""},
		"K1 an end ends": {in(live("one", time.Hour), connected("one", "c1")),
			func(st State) Change { return end(st, drainRules(), start, Ending{User: "ada-id", Code: LoggedOut}) },
			[]said{{SessionEnded, "ada", LoggedOut, Offline, "logged_out"}}, ""},
		"T2 expiry ends": {in(live("one", 24*time.Hour), connected("one", "c1")),
			func(st State) Change { return expire(st, drainRules(), start) },
			[]said{{SessionEnded, "ada", Expired, Offline, "expired"}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			ch := c.do(c.st)
			wantEvents(t, ch, c.events...)
			st := then(t, c.st, ch)
			wantSeat(t, st, c.seat, "one")
			if len(ch.Seats) > 0 && st.Seat != nil && (st.Seat.Kind != GraceBoot || !st.Seat.Reclaim.Equal(at(time.Minute))) {
				t.Errorf("seat %+v, want boot grace", st.Seat)
			}
		})
	}
}

func TestS7_DrainGivesNothingAway(t *testing.T) {
	for name, other := range map[string]func(*State){
		"ordinary grace": next(GraceOrdinary, -time.Second, time.Second),
		"grace is over":  next(GraceOrdinary, -time.Second, -time.Second),
		"boot grace":     next(GraceBoot, -time.Second, -time.Second),
	} {
		st := given(others(2, 0), other, draining, func(st *State) { st.Pool.Login = LoginSeat })
		ch, _, err := admit(st, drainRules(), start, Login{User: "ada-id", CredVersion: 4, Session: "one"})
		if full := seatError(t, err); full.RetryAfter != 5*time.Second || !ch.Empty() {
			t.Errorf("%s, by a login: %+v, %v", name, full, heard(ch))
		}
	}
}

func TestS7_DrainLetsNobodyIn(t *testing.T) {
	for name, st := range map[string]State{
		"a free seat":           given(live("one", time.Hour), draining),
		"its own seat":          given(live("one", time.Hour), inGrace("one", GraceBoot, time.Minute, time.Minute), draining),
		"a seat to give away":   given(live("one", time.Hour), others(2, 0), next(GraceOrdinary, -time.Second, time.Second), draining),
		"beside its connection": given(live("one", time.Hour), connected("one", "c0"), draining),
		"A8 an admin":           given(admin, live("one", time.Hour), draining),
	} {
		if ch, err := register(st, drainRules(), start, reg("one", "c1")); !errors.Is(err, ErrDraining) || !ch.Empty() {
			t.Errorf("%s: %v, %v", name, err, heard(ch))
		}
	}
	st := given(live("one", time.Hour), connected("one", "c1"), draining)
	if ch, err := register(st, drainRules(), start, reg("one", "c1")); err != nil || !ch.Empty() {
		t.Errorf("a repeat of one inside: %v, %v", err, heard(ch))
	}
	if _, err := register(given(draining), drainRules(), start, reg("one", "c1")); !errors.Is(err, ErrUnknown) {
		t.Errorf("a session that has ended: %v", err)
	}
}
