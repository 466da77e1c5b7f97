package session

import (
	"slices"
	"time"
)

// Registration asks for a session's connection to be inside.
type Registration struct {
	User    string
	Session string
	Conn    string
}

// register lets a connection in [S2]. It takes a seat, resumes the user's own seat or
// shares it, and replaces older connections of its session [S1]. The error
// is ErrUnknown when the session is not live, ErrDraining, or a *SeatError.
func register(st State, rules Rules, now time.Time, in Registration) (Change, error) {
	p := newTransition(st, rules, now)
	p.endExpired()
	s := p.session(in.Session)
	if s == nil {
		return p.done(), ErrUnknown
	}
	for _, c := range p.Conns {
		if c.ID == in.Conn {
			return p.done(), nil // a repeat is a no-op
		}
	}
	if p.Draining {
		return p.done(), ErrDraining
	}
	p.freeLapsed()
	if p.Seat == nil && !p.admin() && !p.makeRoom() {
		return p.done(), p.full()
	}
	e := Event{Type: ConnectionRegistered, Session: s.ID, Conn: in.Conn, Dropped: p.replaceConns(s.ID)}
	conn := Connection{ID: in.Conn, Session: s.ID, User: p.User.ID, Registered: now}
	p.Conns = append(slices.Clone(p.Conns), conn)
	p.change.Conns = append(p.change.Conns, conn)
	active := *s
	active.LastActive = now
	p.putSession(active)
	if !p.admin() { // [A8]
		if p.Seat == nil || p.Seat.State != Held {
			e.Status = Online // [P2]
		}
		p.hold(s.ID)
		e.Since = p.Seat.Since
	}
	p.emit(e)
	return p.done(), nil
}

// replaceConns drops the oldest connections of the session, so that one more is
// within the limit [S1]. It returns the ids of the dropped ones.
func (p *transition) replaceConns(session string) []string {
	if p.rules.ConnsPerSession <= 0 {
		return nil
	}
	var dropped []string
	conns := p.connsOf(session)
	for len(conns) >= p.rules.ConnsPerSession {
		p.dropConn(conns[0].ID)
		dropped = append(dropped, conns[0].ID)
		conns = conns[1:]
	}
	return dropped
}

// Disconnect reports that a connection is gone.
type Disconnect struct {
	User  string
	Conn  string
	Clean bool // by a DISCONNECT packet; everything else is a lost transport [S3]

	draining bool // set by Core: this run is ending, even if the store does not know it yet
}

// leave removes a connection. If it was the user's last one, the seat is freed at
// once after a clean leave, and goes into grace otherwise: into boot grace while the
// server drains, because the user did not cause the loss [S7]. A connection that is
// not registered, or no longer, changes nothing [S3] [I3].
func leave(st State, rules Rules, now time.Time, in Disconnect) Change {
	p := newTransition(st, rules, now)
	var conn *Connection
	for i := range p.Conns {
		if p.Conns[i].ID == in.Conn {
			conn = &p.Conns[i]
		}
	}
	if conn == nil {
		return p.done()
	}
	session := conn.Session
	p.dropConn(in.Conn)
	if s := p.session(session); s != nil {
		seen := *s
		seen.LastActive = now
		p.putSession(seen)
	}
	e := Event{Type: ConnectionLeft, Session: session, Conn: in.Conn}
	switch {
	case p.Seat == nil || p.Seat.State != Held:
	case len(p.Conns) > 0:
		if p.Seat.Session == session && len(p.connsOf(session)) == 0 {
			seat := *p.Seat
			seat.Session = p.Conns[len(p.Conns)-1].Session
			p.setSeat(seat)
		}
	case !in.Clean && (p.Draining || in.draining):
		p.grace(session, GraceBoot, rules.BootGrace)
		e.Status, e.Since = Reconnecting, now
	case in.Clean || rules.Grace <= 0:
		e.Status, e.OfflineReason, e.Since = Offline, reasonLost, now
		if in.Clean {
			e.OfflineReason = reasonLeft
		}
		p.freeSeat()
	default:
		p.grace(session, GraceOrdinary, rules.Grace)
		e.Status, e.Since = Reconnecting, now
	}
	p.emit(e)
	return p.done()
}
