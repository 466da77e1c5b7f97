package session

import (
	"errors"
	"testing"
	"time"
)

func still(st *State) { st.Still = true }

// TestT1_WithoutAServerGraceStandsStill: whatever a rule is asked for while no
// server runs, the seat of who is away stays with its owner [S7].
func TestT1_WithoutAServerGraceStandsStill(t *testing.T) {
	rules := DefaultRules()
	lapsed := inGrace("a", GraceOrdinary, -time.Hour, -time.Hour)
	for name, st := range map[string]State{
		"the own seat":     given(live("a", time.Minute), lapsed, still),
		"somebody else's":  given(live("a", time.Minute), others(2, 0), next(GraceOrdinary, -time.Hour, -time.Hour), still),
		"that of a login":  given(live("a", time.Minute), inGrace("a", GraceLogin, -time.Hour, -time.Hour), still),
		"of a moved seat":  given(live("a", time.Minute), inGrace("a", GraceHandover, -time.Hour, -time.Hour), still),
		"that can be kept": given(live("a", time.Minute), inGrace("a", GraceBoot, time.Hour, time.Hour), still),
	} {
		if ch := expire(st, rules, start); !ch.Empty() {
			t.Errorf("%s: the sweep changes %+v", name, ch.Events)
		}
		ch, err := register(st, rules, start, Registration{User: "ada-id", Session: "a", Conn: "c"})
		if full, ok := errors.AsType[*SeatError](err); len(ch.SeatsGone) > 0 || len(ch.SeatLost) > 0 || (st.Next != nil) != ok {
			t.Errorf("%s: register frees %v, loses %v, %v", name, ch.SeatsGone, ch.SeatLost, full)
		}
	}
	if ch := expire(given(live("a", 25*time.Hour), lapsed, still), rules, start); len(ch.Sessions) != 1 || ch.Sessions[0].Code != Expired {
		t.Errorf("an expired session: %+v [T2]", ch)
	}
}

// TestA4_ActiveInTheFuture: a session that was active by a wrong clock locks
// nobody out, nor does what is remembered of sharing.
func TestA4_ActiveInTheFuture(t *testing.T) {
	rules := DefaultRules()
	rules.Policy = PolicyDeny
	for ahead, denied := range map[time.Duration]bool{-59 * time.Second: true, -time.Minute: false, 0: true,
		time.Second: false, time.Hour: false, 365 * 24 * time.Hour: false} {
		st := given(live("a", time.Hour))
		st.Sessions[0].LastActive = at(ahead)
		_, _, err := admit(st, rules, start, Login{User: "ada-id", CredVersion: 4, Session: "b"})
		if _, ok := errors.AsType[*ActiveError](err); ok != denied {
			t.Errorf("last active in %v: %v", ahead, err)
		}
	}
}

// TestT1_AContestOfAnotherClock: what lies further ahead than this clock can have
// put it is of no more account.
func TestT1_AContestOfAnotherClock(t *testing.T) {
	ticket := func(left time.Duration) Ticket { return Ticket{Hash: []byte("h"), Expires: at(left)} }
	for name, c := range map[string]struct{ is, want Sharing }{
		"of now": {
			Sharing{Replaced: []time.Time{start, at(-sharingWindow)}, Until: at(confirmFor), Tickets: []Ticket{ticket(ticketLife)}},
			Sharing{Replaced: []time.Time{start, at(-sharingWindow)}, Until: at(confirmFor), Tickets: []Ticket{ticket(ticketLife)}}},
		"over":       {Sharing{Replaced: []time.Time{at(-sharingWindow - 1)}, Until: start, Tickets: []Ticket{ticket(0)}}, Sharing{}},
		"from ahead": {Sharing{Replaced: []time.Time{at(1)}, Until: at(confirmFor + 1), Tickets: []Ticket{ticket(ticketLife + 1)}}, Sharing{}},
	} {
		if got := c.is.current(start); !got.equal(c.want) {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}
