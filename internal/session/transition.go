package session

import (
	"slices"
	"time"

	"github.com/turnike/turnike/internal/account"
)

// transition is the work of one rule: the state after the steps taken so far, and
// the change that leads to it. Its methods are the only places that
// touch a seat, a counter or a sequence number.
type transition struct {
	State
	rules     Rules
	now       time.Time
	change    Change
	suspected bool // this replacement is one too many [A6]
}

func newTransition(st State, rules Rules, now time.Time) *transition {
	return &transition{State: st, rules: rules, now: now}
}

// done returns the change for the store.
func (p *transition) done() Change {
	p.change.Pool = p.Pool
	return p.change
}

// emit numbers an event, adds the pool's counters as they are now, and puts it into
// the change.
func (p *transition) emit(e Event) {
	p.Pool.LogSeq++
	if e.Status != "" {
		p.Pool.PresenceSeq++
	}
	if e.User == "" {
		e.User, e.Username = p.User.ID, p.User.Name
	}
	if e.User == p.User.ID {
		e.Connections = len(p.Conns)
	}
	e.Pool, e.LogSeq, e.PresenceSeq, e.At = p.Pool.ID, p.Pool.LogSeq, p.Pool.PresenceSeq, p.now
	e.Limit, e.Held, e.Grace, e.Offered = p.Pool.Limit, p.Pool.Held, p.Pool.Grace, p.Pool.Offered
	p.change.Events = append(p.change.Events, e)
}

// count moves one seat from one of the pool's counters to another; "" is none.
func (p *transition) count(from, to SeatState) {
	add := func(state SeatState, d int) {
		switch state {
		case Held:
			p.Pool.Held += d
		case Grace:
			p.Pool.Grace += d
		case Offered:
			p.Pool.Offered += d
		}
	}
	add(from, -1)
	add(to, +1)
}

// setSeat writes the user's seat. Once it is held, the user no longer counts as one
// whose seat was lost [S4].
func (p *transition) setSeat(s Seat) {
	var from SeatState
	if p.Seat != nil {
		from = p.Seat.State
	}
	p.count(from, s.State)
	p.Seat = &s
	p.change.SeatsGone = slices.DeleteFunc(p.change.SeatsGone, func(u string) bool { return u == s.User })
	p.change.Seats = append(slices.DeleteFunc(p.change.Seats, func(o Seat) bool { return o.User == s.User }), s)
	if s.State == Held && p.User.SeatLost {
		p.User.SeatLost = false
		u := p.User
		p.change.User = &u
	}
}

// hold gives the seat to the session. The caller must have made sure that there is
// room.
func (p *transition) hold(session string) {
	s := Seat{User: p.User.ID, Username: p.User.Name, Pool: p.Pool.ID, Session: session,
		State: Held, Since: p.now, Changed: p.now}
	if p.Seat != nil {
		s.Since = p.Seat.Since
	}
	p.setSeat(s)
}

// grace puts the seat into grace for the session that may resume it.
func (p *transition) grace(session string, kind GraceKind, d time.Duration) {
	s := Seat{User: p.User.ID, Username: p.User.Name, Pool: p.Pool.ID, Session: session,
		State: Grace, Kind: kind, Since: p.now, Changed: p.now, Deadline: p.now.Add(d)}
	if p.Seat != nil {
		s.Since = p.Seat.Since
		if p.Seat.State == Grace {
			s.Changed = p.Seat.Changed
		}
	}
	s.Reclaim = s.Deadline
	if at := p.now.Add(p.rules.ReclaimAfter); kind == GraceOrdinary && at.Before(s.Deadline) {
		s.Reclaim = at // [S4]
	}
	p.setSeat(s)
}

// freeSeat frees the user's seat. The caller must emit the event that says why.
func (p *transition) freeSeat() {
	p.count(p.Seat.State, "")
	p.Seat = nil
	p.change.Seats = slices.DeleteFunc(p.change.Seats, func(o Seat) bool { return o.User == p.User.ID })
	p.change.SeatsGone = append(p.change.SeatsGone, p.User.ID)
}

// freeLapsed frees the user's seat if its grace is over. The user then needs
// admission to get one again [S6]. A drain keeps the seat for the next start [S7].
func (p *transition) freeLapsed() {
	if p.Seat == nil || p.Still || p.Draining || !p.Seat.lapsed(p.now) {
		return
	}
	reason := lapseReason(*p.Seat)
	session := p.Seat.Session
	p.freeSeat()
	p.emit(Event{Type: SeatFreed, By: BySystem(), Session: session, Status: Offline, OfflineReason: reason, Since: p.now})
}

// lapseReason returns the reason that is given when a seat's grace ends.
func lapseReason(s Seat) string {
	if s.Kind == GraceHandover {
		return string(Replaced) // [A3]
	}
	return reasonLost
}

// makeRoom reports whether one more seat fits into the pool. If the pool is full, it
// frees the seat of another user that can be given away [S4].
func (p *transition) makeRoom() bool {
	if p.Pool.Used() < p.Pool.Limit {
		return true
	}
	n := p.Next
	if n == nil || p.Still || p.Draining || p.now.Before(n.Reclaim) || p.Pool.Used()-1 >= p.Pool.Limit {
		return false // [A2] [S7]
	}
	reason, by := lapseReason(*n), BySystem()
	if !n.lapsed(p.now) {
		reason, by = reasonSeatLost, Actor{} // the actor takes it
		p.change.SeatLost = append(p.change.SeatLost, n.User)
	}
	p.count(n.State, "")
	p.change.SeatsGone = append(p.change.SeatsGone, n.User)
	p.emit(Event{Type: SeatFreed, By: by, User: n.User, Username: n.Username, Session: n.Session,
		Status: Offline, OfflineReason: reason, Since: p.now})
	p.Next = nil
	return true
}

// full returns the refusal of a login or registration by a full pool [S9].
func (p *transition) full() *SeatError {
	retry := p.rules.RetryAfter
	if p.Next != nil && !p.Draining {
		retry = min(retry, p.Next.Reclaim.Sub(p.now))
	}
	return &SeatError{Lost: p.User.SeatLost, Pool: p.Pool.Name, Max: p.Pool.Limit, Used: p.Pool.Used(),
		RetryAfter: max(retry, time.Second)}
}

// putSession writes a session and keeps the list of live ones up to date.
func (p *transition) putSession(s Session) {
	p.change.Sessions = append(slices.DeleteFunc(p.change.Sessions, func(o Session) bool { return o.ID == s.ID }), s)
	// A copy: callers still use the old slice.
	live := slices.DeleteFunc(slices.Clone(p.Sessions), func(o Session) bool { return o.ID == s.ID })
	if s.Ended.IsZero() {
		live = append(live, s)
	}
	p.Sessions = live
}

// dropConn removes a registered connection.
func (p *transition) dropConn(id string) {
	p.Conns = slices.DeleteFunc(slices.Clone(p.Conns), func(c Connection) bool { return c.ID == id })
	p.change.ConnsGone = append(p.change.ConnsGone, id)
}

// admin reports whether the user is an administrator, who takes no seat [A8].
func (p *transition) admin() bool { return p.User.Role == account.RoleAdmin }
