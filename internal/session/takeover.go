package session

import (
	"cmp"
	"slices"
	"time"
)

// Takeover confirms a login that was refused with a [TakeoverError].
type Takeover struct {
	Ticket  string
	Session string // the one to replace; "" leaves the choice to the rules
}

// Cause says why a login has to be confirmed.
type Cause string

// The values of Cause.
const (
	CausePolicy  Cause = "policy"
	CauseSharing Cause = "war_breaker"
)

// LiveSession is a live session of the user that a login would replace, and whether
// it is connected.
type LiveSession struct {
	Session
	Connected bool
}

// TakeoverError is the refusal of a login that would replace a session: the same
// login with the ticket is let in [A4] [A6].
type TakeoverError struct {
	Cause    Cause
	Sessions []LiveSession
	Ticket   string
	Expires  time.Time // of the ticket
}

func (e *TakeoverError) Error() string {
	return "session: a takeover has to be confirmed: " + string(e.Cause)
}

// ActiveError is the refusal of a login while the account is in use [A4].
type ActiveError struct{ Sessions []LiveSession }

func (e *ActiveError) Error() string { return "session: the account is in use" }

// makeWay ends the sessions that a login replaces. Its error is the refusal of the
// login.
func (p *transition) makeWay(in Login, next string) error {
	sharing := p.Sharing.current(p.now)
	confirmed := in.Takeover != nil && sharing.spend(in.Takeover.Ticket, p.User.CredVersion)
	many := len(p.Sessions) - p.maxSessions() + 1
	cause := CausePolicy
	if p.rules.DetectSharing && p.now.Before(sharing.Until) {
		cause = CauseSharing
	}
	candidates := p.victims(in)
	switch {
	case in.Issued: // an operator's right
	case p.unknown(in): // a login with an unknown session is never admitted
		return p.ask(in, sharing, cause)
	case many <= 0:
	case p.policy() == PolicyDeny:
		candidates = slices.DeleteFunc(candidates, p.inUse)
		if len(candidates) < many {
			return &ActiveError{Sessions: p.standing()}
		}
	case confirmed:
	case p.policy() == PolicyAsk || cause == CauseSharing:
		return p.ask(in, sharing, cause)
	}
	victims := candidates[:max(many, 0)]
	if p.rules.DetectSharing && !confirmed {
		p.suspected = p.countReplacement(&sharing, in, victims)
	}
	for _, s := range victims {
		p.endSession(s, Replaced, "", next) // [A3]
	}
	p.setSharing(sharing)
	return nil
}

// policy returns the pool's policy, or the server's.
func (p *transition) policy() Policy { return cmp.Or(p.Pool.Policy, p.rules.Policy, PolicyReplace) }

// unknown reports whether the login names a session that is not live.
func (p *transition) unknown(in Login) bool {
	return in.Takeover != nil && in.Takeover.Session != "" && p.session(in.Takeover.Session) == nil
}

// victims returns the sessions in the order in which a login replaces them: the
// one that it names, then the least recently active [A4].
func (p *transition) victims(in Login) []Session {
	out := slices.Clone(p.Sessions)
	slices.SortStableFunc(out, func(a, b Session) int {
		if named := in.Takeover; named != nil && (a.ID == named.Session || b.ID == named.Session) {
			if a.ID == named.Session {
				return -1
			}
			return 1
		}
		return a.LastActive.Compare(b.LastActive)
	})
	return out
}

// standing returns the live sessions as a refusal shows them.
func (p *transition) standing() []LiveSession {
	out := make([]LiveSession, len(p.Sessions))
	for i, s := range p.Sessions {
		out[i] = LiveSession{Session: s, Connected: len(p.connsOf(s.ID)) > 0}
	}
	return out
}

// ask refuses a login and issues a ticket. The same login with the ticket is let
// in.
func (p *transition) ask(in Login, sharing Sharing, cause Cause) error {
	expires := p.now.Add(ticketLife)
	sharing.issue(in.NewTicket, p.User.CredVersion, expires)
	p.setSharing(sharing)
	p.emit(Event{Type: TakeoverRequired, Device: in.Device, Address: in.Address, Reason: string(cause)})
	return &TakeoverError{Cause: cause, Sessions: p.standing(), Ticket: in.NewTicket, Expires: expires}
}

// setSharing writes what is remembered of the user, if it changes.
func (p *transition) setSharing(c Sharing) {
	if !c.equal(p.Sharing) {
		p.Sharing = c
		p.change.Sharing = &c
	}
}
