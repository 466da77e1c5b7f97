package session

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/netip"
	"slices"
	"time"
)

// The constants of the war breaker [A6], and of tickets [A4].
const (
	warReplacements = 3
	warWindow       = 60 * time.Second
	warBreak        = 10 * time.Minute
	ticketLife      = 120 * time.Second
	maxTickets      = 8 // of a user; a further one pushes the oldest out
)

// inUseFor is how long after its last activity a session counts as in use.
const inUseFor = 60 * time.Second

// Contest is what is remembered of a user whose sessions replace each other [A6].
// Its zero value is what almost everybody has.
type Contest struct {
	Replaced []time.Time // those that count, of the last minute
	Until    time.Time   // before, a login that would replace has to be confirmed
	Tickets  []Ticket    // that are out, oldest first
}

// Ticket lets a login replace what it would have to ask for. It is of one use and
// bound to the check of the password that it was given for.
type Ticket struct {
	Hash        []byte // SHA-256
	CredVersion int64
	Expires     time.Time
}

// Empty tells whether there is nothing to remember.
func (c Contest) Empty() bool { return len(c.Replaced) == 0 && c.Until.IsZero() && len(c.Tickets) == 0 }

// current is the contest without what is over, and without what lies so far
// ahead that another clock has written it [T1]. It shares nothing with c.
func (c Contest) current(now time.Time) Contest {
	var out Contest
	for _, at := range c.Replaced {
		if ago := now.Sub(at); ago >= 0 && ago <= warWindow {
			out.Replaced = append(out.Replaced, at)
		}
	}
	if left := c.Until.Sub(now); left > 0 && left <= warBreak {
		out.Until = c.Until
	}
	for _, t := range c.Tickets {
		if left := t.Expires.Sub(now); left > 0 && left <= ticketLife {
			out.Tickets = append(out.Tickets, t)
		}
	}
	return out
}

func (c Contest) equal(o Contest) bool {
	return slices.EqualFunc(c.Replaced, o.Replaced, time.Time.Equal) && c.Until.Equal(o.Until) &&
		slices.EqualFunc(c.Tickets, o.Tickets, func(a, b Ticket) bool {
			return slices.Equal(a.Hash, b.Hash) && a.CredVersion == b.CredVersion && a.Expires.Equal(b.Expires)
		})
}

// spend takes a ticket back; false where it is not one that is out.
func (c *Contest) spend(ticket string, credVersion int64) bool {
	sum := sha256.Sum256([]byte(ticket))
	i := slices.IndexFunc(c.Tickets, func(t Ticket) bool {
		return subtle.ConstantTimeCompare(t.Hash, sum[:]) == 1 && t.CredVersion == credVersion
	})
	if i < 0 {
		return false
	}
	if c.Tickets = slices.Delete(c.Tickets, i, i+1); len(c.Tickets) == 0 {
		c.Tickets = nil
	}
	return true
}

// issue gives a ticket out.
func (c *Contest) issue(ticket string, credVersion int64, expires time.Time) {
	sum := sha256.Sum256([]byte(ticket))
	c.Tickets = append(c.Tickets, Ticket{Hash: sum[:], CredVersion: credVersion, Expires: expires})
	if n := len(c.Tickets) - maxTickets; n > 0 {
		c.Tickets = c.Tickets[n:]
	}
}

// replaced counts a replacement; true where it is one too many.
func (c *Contest) replaced(now time.Time) bool {
	c.Replaced = append(c.Replaced, now)
	if len(c.Replaced) < warReplacements {
		return false
	}
	c.Replaced, c.Until = nil, now.Add(warBreak)
	return true
}

// contests tells whether the login's taking the place of a session is a move of
// war: both were made with a password, the session is in use, and the two are at
// two devices or addresses that are known to differ. A client that keeps no
// cookies is another device each time, but not a known one.
func (p *plan) contests(in Login, s Session) bool {
	if in.Issued || s.Issued || !p.inUse(s) {
		return false
	}
	return in.KnownDevice && len(s.DeviceHash) > 0 && !slices.Equal(in.DeviceHash, s.DeviceHash) ||
		in.Address != "" && s.Address != "" && neighbourhood(in.Address) != neighbourhood(s.Address)
}

// inUse tells whether somebody works with the session. What was active in the
// future was so by a clock that was wrong: it locks nobody out [A4] [T1].
func (p *plan) inUse(s Session) bool {
	ago := p.now.Sub(s.LastActive)
	return len(p.connsOf(s.ID)) > 0 || ago >= 0 && ago < inUseFor
}

// neighbourhood is within what addresses change without anybody moving: the /24 of
// an IPv4 address, the /64 of an IPv6 one.
func neighbourhood(address string) string {
	a, err := netip.ParseAddr(address)
	if err != nil {
		return address
	}
	a = a.Unmap().WithZone("")
	bits := 64
	if a.Is4() {
		bits = 24
	}
	prefix, err := a.Prefix(bits)
	if err != nil {
		return address // cannot be: both have more bits
	}
	return prefix.String()
}
