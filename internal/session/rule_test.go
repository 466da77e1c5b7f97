package session

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/turnike/turnike/internal/account"
)

// The tests of the rules give a rule a state and look at the change. Times are
// told as durations since start.

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func at(d time.Duration) time.Time { return start.Add(d) }

// given makes a state: user "ada" in a pool of three seats that nobody is in.
func given(change ...func(*State)) State {
	st := State{
		Pool: Pool{ID: 1, Name: "default", Limit: 3, LogSeq: 100, PresenceSeq: 50},
		User: User{ID: "ada-id", Name: "ada", Role: account.RoleUser, Pool: 1, CredVersion: 4},
	}
	for _, fn := range change {
		fn(&st)
	}
	return st
}

// live gives ada a session that was opened and last active that long ago.
func live(id string, ago time.Duration) func(*State) {
	return func(st *State) {
		st.Sessions = append(st.Sessions, Session{ID: id, User: "ada-id", Pool: 1, Created: at(-ago), LastActive: at(-ago),
			Expires: at(24*time.Hour - ago), DeviceHash: []byte("device of " + id)})
	}
}

// connected gives a session a connection, and with it ada the seat.
func connected(session, conn string) func(*State) {
	return func(st *State) {
		st.Conns = append(st.Conns, Connection{ID: conn, Session: session, User: "ada-id", Registered: at(-time.Minute)})
		if st.User.Role == account.RoleAdmin || st.Seat != nil {
			return
		}
		st.Pool.Held++
		st.Seat = &Seat{User: "ada-id", Username: "ada", Pool: 1, Session: session, State: Held,
			Since: at(-time.Hour), Changed: at(-time.Hour)}
	}
}

// grace puts ada's seat into grace, which ends that long after start.
func inGrace(session string, kind GraceKind, reclaim, deadline time.Duration) func(*State) {
	return func(st *State) {
		st.Pool.Grace++
		st.Seat = &Seat{User: "ada-id", Username: "ada", Pool: 1, Session: session, State: Grace, Kind: kind,
			Since: at(-time.Hour), Changed: at(-time.Second), Deadline: at(deadline), Reclaim: at(reclaim)}
	}
}

// others take seats of the pool.
func others(held, grace int) func(*State) {
	return func(st *State) { st.Pool.Held += held; st.Pool.Grace += grace }
}

// next is the seat of another user that can be given away soonest; it counts as
// one in grace.
func next(kind GraceKind, reclaim, deadline time.Duration) func(*State) {
	return func(st *State) {
		st.Pool.Grace++
		st.Next = &Seat{User: "bob-id", Username: "bob", Pool: 1, Session: "bob-1", State: Grace, Kind: kind,
			Since: at(-time.Hour), Changed: at(-time.Hour), Deadline: at(deadline), Reclaim: at(reclaim)}
	}
}

func admin(st *State) { st.User.Role = account.RoleAdmin }

// then is the state after a change.
func then(t *testing.T, st State, ch Change) State {
	t.Helper()
	checkChange(t, st, ch)
	if ch.Empty() {
		return st
	}
	st.Pool = ch.Pool
	if ch.User != nil {
		st.User = *ch.User
	}
	if ch.Sharing != nil {
		st.Sharing = *ch.Sharing
	}
	for _, s := range ch.Sessions {
		st.Sessions = slices.DeleteFunc(slices.Clone(st.Sessions), func(o Session) bool { return o.ID == s.ID })
		if s.Ended.IsZero() {
			st.Sessions = append(st.Sessions, s)
		}
	}
	for _, c := range ch.Conns {
		st.Conns = append(slices.DeleteFunc(slices.Clone(st.Conns), func(o Connection) bool { return o.ID == c.ID }), c)
	}
	st.Conns = slices.DeleteFunc(slices.Clone(st.Conns), func(c Connection) bool { return slices.Contains(ch.ConnsGone, c.ID) })
	if slices.Contains(ch.SeatsGone, st.User.ID) {
		st.Seat = nil
	}
	if st.Next != nil && slices.Contains(ch.SeatsGone, st.Next.User) {
		st.Next = nil
	}
	for _, s := range ch.Seats {
		st.Seat = &s
	}
	return st
}

// checkChange checks what holds for every change: numbers without gaps [I4], the
// bound [A2], and counters that count the seats.
func checkChange(t *testing.T, st State, ch Change) {
	t.Helper()
	if ch.Empty() {
		if len(ch.Sessions)+len(ch.Conns)+len(ch.ConnsGone)+len(ch.Seats)+len(ch.SeatsGone)+len(ch.SeatLost) > 0 || ch.User != nil || ch.Device != nil || ch.Sharing != nil {
			t.Errorf("a change without an event [I4]: %+v", ch)
		}
		return
	}
	log, presence := st.Pool.LogSeq, st.Pool.PresenceSeq
	for _, e := range ch.Events {
		log++
		if e.Status != "" {
			presence++
		}
		if e.LogSeq != log || e.PresenceSeq != presence || e.At.IsZero() {
			t.Errorf("event %s is %d/%d at %v, want %d/%d [I4]", e.Type, e.LogSeq, e.PresenceSeq, e.At, log, presence)
		}
	}
	if ch.Pool.LogSeq != log || ch.Pool.PresenceSeq != presence {
		t.Errorf("the pool is at %d/%d after event %d/%d", ch.Pool.LogSeq, ch.Pool.PresenceSeq, log, presence)
	}
	if used := ch.Pool.Used(); used > st.Pool.Used() && used > ch.Pool.Limit {
		t.Errorf("%d seats used of %d [I1]", used, ch.Pool.Limit)
	}
	seats := map[string]SeatState{}
	for _, s := range []*Seat{st.Seat, st.Next} {
		if s != nil {
			seats[s.User] = s.State
		}
	}
	count := map[SeatState]int{Held: st.Pool.Held, Grace: st.Pool.Grace, Offered: st.Pool.Offered}
	move := func(user string, to SeatState) {
		count[seats[user]]--
		count[to]++
		seats[user] = to
	}
	for _, user := range ch.SeatsGone {
		move(user, "")
	}
	for _, s := range ch.Seats {
		move(s.User, s.State)
	}
	if ch.Pool.Held != count[Held] || ch.Pool.Grace != count[Grace] || ch.Pool.Offered != count[Offered] {
		t.Errorf("the pool counts %d, %d, %d, its seats %v", ch.Pool.Held, ch.Pool.Grace, ch.Pool.Offered, count)
	}
}

// said is an event in short: what others hear of it, if anything.
type said struct {
	Type   EventType
	User   string
	Code   Code
	Status Status
	Reason string // with offline
}

func heard(ch Change) []said {
	var out []said
	for _, e := range ch.Events {
		out = append(out, said{e.Type, e.Username, e.Code, e.Status, e.OfflineReason})
	}
	return out
}

func wantEvents(t *testing.T, ch Change, want ...said) {
	t.Helper()
	if got := heard(ch); !slices.Equal(got, want) {
		t.Errorf("events\n %v, want\n %v", got, want)
	}
}

// wantSeat checks the seat after a change; "" is none.
func wantSeat(t *testing.T, st State, state SeatState, session string) {
	t.Helper()
	if st.Seat == nil {
		if state != "" {
			t.Errorf("no seat, want %s", state)
		}
		return
	}
	if st.Seat.State != state || st.Seat.Session != session {
		t.Errorf("seat %s of session %s, want %q of %s", st.Seat.State, st.Seat.Session, state, session)
	}
}

func ended(ch Change) map[string]Code {
	out := map[string]Code{}
	for _, s := range ch.Sessions {
		if !s.Ended.IsZero() {
			out[s.ID] = s.Code
		}
	}
	return out
}

func seatError(t *testing.T, err error) SeatError {
	t.Helper()
	e, ok := errors.AsType[*SeatError](err)
	if !ok {
		t.Fatalf("error %v, want a *SeatError", err)
	}
	return *e
}
