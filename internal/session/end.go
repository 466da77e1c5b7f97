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
	p := newTransition(st, rules, now)
	for _, s := range slices.Clone(p.Sessions) {
		if e.Session == "" || s.ID == e.Session {
			p.endSession(s, e.Code, e.Reason, "")
		}
	}
	return p.done()
}

// expire ends the sessions whose time is over [T2] and frees a seat whose grace
// is over [S3]. The sweep runs it for each user with something due.
func expire(st State, rules Rules, now time.Time) Change {
	p := newTransition(st, rules, now)
	p.endExpired()
	p.freeLapsed()
	return p.done()
}

func (p *transition) endExpired() {
	for _, s := range slices.Clone(p.Sessions) {
		if !p.now.Before(s.Expires) {
			p.endSession(s, Expired, "", "")
		}
	}
}

// endSession ends s. If the user has no other connection, the seat goes to the
// successor, in grace until the successor registers [A3]. Without a successor it is
// freed.
func (p *transition) endSession(s Session, code Code, reason, successor string) {
	s.Ended, s.Code, s.Reason, s.Successor = p.now, code, reason, successor
	p.putSession(s)
	for _, c := range p.connsOf(s.ID) {
		p.dropConn(c.ID)
	}
	e := Event{Type: SessionEnded, Session: s.ID, Code: code, Reason: reason, Successor: successor,
		Device: s.Device, Address: s.Address}
	if code == Expired {
		e.By = BySystem() // not the actor whose command found it
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
