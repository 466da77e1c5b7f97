package session

import (
	"bytes"
	"errors"
	"slices"
	"time"
)

// Login asks for a new session of a user whose credentials were checked.
type Login struct {
	User        string
	CredVersion int64  // that the credentials were checked against [A7]
	Session     string // id of the new session
	Device      string // what a person recognises the device by
	DeviceHash  []byte // SHA-256 of the device cookie; nil without one
	Address     string
	KnownDevice bool // the user has logged in with DeviceHash before
	Takeover    *Takeover
	NewTicket   string // chosen by Core: the one to give out where the login has to be confirmed
	Proof       string // a live session of the same user that the client holds a token of [A5]
	Issued      bool   // an operator's right instead of credentials: CredVersion is not looked at
}

// admit decides a login by the limits of the user and of the pool together [A1].
// The error is ErrInvalidCredentials, a *SeatError, an *ActiveError or a
// *TakeoverError; a refused login changes nothing, except that the last of
// these issues a ticket.
func admit(st State, rules Rules, now time.Time, in Login) (Change, Session, error) {
	p := newTransition(st, rules, now)
	if p.User.Disabled || p.User.Deleted || (!in.Issued && p.User.CredVersion != in.CredVersion) {
		return Change{}, Session{}, ErrInvalidCredentials
	}
	p.endExpired()
	p.freeLapsed()
	s := Session{ID: in.Session, User: p.User.ID, Pool: p.Pool.ID, Device: in.Device, DeviceHash: in.DeviceHash,
		KnownDevice: in.KnownDevice, Address: in.Address, Issued: in.Issued, Created: now, LastActive: now, // A token says its end in whole seconds.
		Expires: now.Add(rules.Lifetime).Truncate(time.Second)}

	var e Event
	if old := p.sameDevice(in); old != nil { // before the policies [A5]
		e = p.rotate(*old, s)
	} else {
		if err := p.makeWay(in, s.ID); err != nil {
			if _, asked := errors.AsType[*TakeoverError](err); asked {
				return p.done(), Session{}, err
			}
			return Change{}, Session{}, err
		}
		p.putSession(s)
		e = Event{Type: SessionStarted, Session: s.ID, Device: s.Device, Address: s.Address, Expires: s.Expires}
	}
	if p.Pool.Login == LoginSeat && p.Seat == nil && !p.admin() { // [S2]
		if !p.makeRoom() {
			return Change{}, Session{}, p.full()
		}
		p.grace(s.ID, GraceLogin, rules.LoginGrace)
		e.Status, e.Since = Reconnecting, p.Seat.Since
	}
	p.emit(e)
	if p.suspected {
		p.emit(Event{Type: AccountSharingSuspected, Session: s.ID, Device: s.Device, Address: s.Address, Count: sharingReplacements})
	}
	if len(in.DeviceHash) > 0 && !in.Issued {
		p.change.Device = &Device{User: p.User.ID, Hash: in.DeviceHash, Seen: now}
	}
	return p.done(), s, nil
}

// sameDevice returns the live session that this login continues, nil for none [A5].
func (p *transition) sameDevice(in Login) *Session {
	if s := p.session(in.Proof); in.Proof != "" && s != nil {
		return s
	}
	for i := range p.Sessions {
		if len(in.DeviceHash) > 0 && bytes.Equal(p.Sessions[i].DeviceHash, in.DeviceHash) {
			return &p.Sessions[i]
		}
	}
	return nil
}

// rotate continues old as next. The seat and the connections move to next and
// presence does not change; only the old token stops working [A5]. It returns the
// event to log.
func (p *transition) rotate(old, next Session) Event {
	old.Ended, old.Code, old.Successor = p.now, Rotated, next.ID
	p.putSession(old)
	p.putSession(next)
	moved := slices.Clone(p.Conns)
	for i := range moved {
		if moved[i].Session == old.ID {
			moved[i].Session = next.ID
			p.change.Conns = append(p.change.Conns, moved[i])
		}
	}
	p.Conns = moved
	if p.Seat != nil && p.Seat.Session == old.ID {
		seat := *p.Seat
		seat.Session = next.ID
		p.setSeat(seat)
	}
	return Event{Type: SessionRotated, Session: old.ID, Successor: next.ID, Device: next.Device, Address: next.Address,
		Expires: next.Expires}
}

// maxSessions returns how many live sessions the user may have, at least one.
func (p *transition) maxSessions() int {
	if p.Pool.MaxSessions > 0 {
		return p.Pool.MaxSessions
	}
	return max(p.rules.MaxPerUser, 1)
}
