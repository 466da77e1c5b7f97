package session

import (
	"cmp"
	"slices"
	"time"
)

// Takeover confirms a login that was asked to be confirmed.
type Takeover struct {
	Ticket  string
	Session string // that is to end; "" leaves it to the rules
}

// Cause says why a login has to be confirmed.
type Cause string

// The values of Cause.
const (
	CausePolicy     Cause = "policy"
	CauseWarBreaker Cause = "war_breaker"
)

// Standing is a session that stands in the way of a login.
type Standing struct {
	Session
	Connected bool
}

// TakeoverError is the refusal of a login that would replace somebody: the same
// login with the ticket is let in [A4] [A6].
type TakeoverError struct {
	Cause    Cause
	Sessions []Standing
	Ticket   string
	Expires  time.Time // of the ticket
}

func (e *TakeoverError) Error() string {
	return "session: a takeover has to be confirmed: " + string(e.Cause)
}

// ActiveError is the refusal of a login while the account is in use [A4].
type ActiveError struct{ Sessions []Standing }

func (e *ActiveError) Error() string { return "session: the account is in use" }

// makeWay ends the sessions that a login replaces, or says why it may not.
func (p *plan) makeWay(in Login, next string) error {
	contest := p.Contest.current(p.now)
	confirmed := in.Takeover != nil && contest.spend(in.Takeover.Ticket, p.User.CredVersion)
	many := len(p.Sessions) - p.maxSessions() + 1
	cause := CausePolicy
	if p.rules.WarBreaker && p.now.Before(contest.Until) {
		cause = CauseWarBreaker
	}
	leaving := p.leaving(in)
	switch {
	case in.Issued: // an operator's right
	case p.unknown(in): // never an admission, whoever is in the way
		return p.ask(in, contest, cause)
	case many <= 0:
	case p.policy() == PolicyDeny:
		leaving = slices.DeleteFunc(leaving, p.inUse)
		if len(leaving) < many {
			return &ActiveError{Sessions: p.standing()}
		}
	case confirmed:
	case p.policy() == PolicyAsk || cause == CauseWarBreaker:
		return p.ask(in, contest, cause)
	}
	victims := leaving[:max(many, 0)]
	if p.rules.WarBreaker && !confirmed {
		p.war = p.countReplacement(&contest, in, victims)
	}
	for _, s := range victims {
		p.endSession(s, Replaced, "", next) // [A3]
	}
	p.setContest(contest)
	return nil
}

// policy is the pool's, or the server's.
func (p *plan) policy() Policy { return cmp.Or(p.Pool.Policy, p.rules.Policy, PolicyReplace) }

// unknown tells whether the login names a session that is not there.
func (p *plan) unknown(in Login) bool {
	return in.Takeover != nil && in.Takeover.Session != "" && p.session(in.Takeover.Session) == nil
}

// leaving are the sessions in the order in which they give way: the one that was
// named, then the least recently active [A4].
func (p *plan) leaving(in Login) []Session {
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

// standing are the sessions as who asks is shown them.
func (p *plan) standing() []Standing {
	out := make([]Standing, len(p.Sessions))
	for i, s := range p.Sessions {
		out[i] = Standing{Session: s, Connected: len(p.connsOf(s.ID)) > 0}
	}
	return out
}

// ask refuses a login until it comes again with the ticket that it is given.
func (p *plan) ask(in Login, contest Contest, cause Cause) error {
	expires := p.now.Add(ticketLife)
	contest.issue(in.NewTicket, p.User.CredVersion, expires)
	p.setContest(contest)
	p.emit(Event{Type: TakeoverRequired, Device: in.Device, Address: in.Address, Reason: string(cause)})
	return &TakeoverError{Cause: cause, Sessions: p.standing(), Ticket: in.NewTicket, Expires: expires}
}

// setContest writes what is remembered, where it changes.
func (p *plan) setContest(c Contest) {
	if !c.equal(p.Contest) {
		p.Contest = c
		p.change.Contest = &c
	}
}
