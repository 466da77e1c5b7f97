package session

import (
	"slices"
	"time"
)

// Ending names what to end and why.
type Ending struct {
	User    string
	Session string // empty: every session of the user
	Code    Code
	Reason  string // the operator's text
}

// end ends one session or all of a user [K1]. Ending what is not live changes
// nothing: ends are by id, so a late one cannot hit a successor [I3].
func end(st State, rules Rules, now time.Time, e Ending) Change {
	p := newPlan(st, rules, now)
	for _, s := range slices.Clone(p.Sessions) {
		if e.Session == "" || s.ID == e.Session {
			p.endSession(s, e.Code, e.Reason, "")
		}
	}
	return p.done()
}

// expire ends the sessions whose time is over [T2] and frees a seat whose grace
// is over [S3]. It is what the sweep does for each user that has something due.
func expire(st State, rules Rules, now time.Time) Change {
	p := newPlan(st, rules, now)
	p.endExpired()
	p.freeLapsed()
	return p.done()
}

func (p *plan) endExpired() {
	for _, s := range slices.Clone(p.Sessions) {
		if !p.now.Before(s.Expires) {
			p.endSession(s, Expired, "", "")
		}
	}
}

// endSession ends s. When its seat has no other connection left it goes to the
// successor, in grace until that registers [A3], or is freed.
func (p *plan) endSession(s Session, code Code, reason, successor string) {
	s.Ended, s.Code, s.Reason, s.Successor = p.now, code, reason, successor
	p.putSession(s)
	for _, c := range p.connsOf(s.ID) {
		p.dropConn(c.ID)
	}
	e := Event{Type: SessionEnded, Session: s.ID, Code: code, Reason: reason, Successor: successor,
		Device: s.Device, Address: s.Address}
	if code == Expired {
		e.By = BySystem() // whoever happened to find it
	}
	switch {
	case p.Seat == nil:
	case len(p.Conns) > 0:
		// Another session of the user is inside: the seat is shared and stays.
		if p.Seat.Session == s.ID {
			seat := *p.Seat
			seat.Session = p.Conns[len(p.Conns)-1].Session
			p.setSeat(seat)
		}
	case p.Seat.Session != s.ID:
	case successor != "":
		if p.Seat.State == Held {
			e.Status = Reconnecting
		}
		p.grace(successor, GraceHandover, p.rules.Handover)
		e.Since = p.Seat.Changed
	default:
		p.freeSeat()
		e.Status, e.OfflineReason, e.Since = Offline, string(code), p.now
	}
	p.emit(e)
}
