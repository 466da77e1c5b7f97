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
	maxUnproven     = 8 // likewise, of replacements
)

// inUseFor is how long after its last activity a session counts as in use.
const inUseFor = 60 * time.Second

// Contest is what is remembered of a user whose sessions replace each other [A6].
// Its zero value is what almost everybody has.
type Contest struct {
	Replaced []time.Time // those that count, of the last minute
	Unproven []Unproven  // those that may count yet, oldest first
	Until    time.Time   // before, a login that would replace has to be confirmed
	Tickets  []Ticket    // that are out, oldest first
}

// Unproven is a replacement of a session whose device has not shown its cookie: it
// may be a client that keeps none. It counts once a login shows that cookie.
type Unproven struct {
	Device []byte // SHA-256 of the device cookie
	At     time.Time
}

// Ticket lets a login replace what it would have to ask for. It is of one use and
// bound to the check of the password that it was given for.
type Ticket struct {
	Hash        []byte // SHA-256
	CredVersion int64
	Expires     time.Time
}

// Empty tells whether there is nothing to remember.
func (c Contest) Empty() bool {
	return len(c.Replaced)+len(c.Unproven) == 0 && c.Until.IsZero() && len(c.Tickets) == 0
}

// current is the contest without what is over, and without what lies so far
// ahead that another clock has written it [T1]. It shares nothing with c.
func (c Contest) current(now time.Time) Contest {
	var out Contest
	for _, at := range c.Replaced {
		if ago := now.Sub(at); ago >= 0 && ago <= warWindow {
			out.Replaced = append(out.Replaced, at)
		}
	}
	for _, u := range c.Unproven {
		if ago := now.Sub(u.At); ago >= 0 && ago <= warWindow {
			out.Unproven = append(out.Unproven, u)
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
		slices.EqualFunc(c.Unproven, o.Unproven, func(a, b Unproven) bool { return slices.Equal(a.Device, b.Device) && a.At.Equal(b.At) }) &&
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

// proven counts the replacements of a device that has come with its cookie.
func (c *Contest) proven(device []byte) {
	c.Unproven = slices.DeleteFunc(c.Unproven, func(u Unproven) bool {
		known := slices.Equal(u.Device, device)
		if known {
			c.Replaced = append(c.Replaced, u.At)
		}
		return known
	})
}

// exhausted reports whether there were too many replacements, and then starts the
// time in which logins have to be confirmed.
func (c *Contest) exhausted(now time.Time) bool {
	if len(c.Replaced) < warReplacements {
		return false
	}
	c.Replaced, c.Unproven, c.Until = nil, nil, now.Add(warBreak)
	return true
}

// conflict says whether two people seem to take an account from each other [A6].
type conflict int

const (
	noConflict       conflict = iota // the session is not in use, or it may be the same client
	possibleConflict                 // another device, if the session's client keeps its cookie
	certainConflict                  // two addresses, or two devices that are known
)

// conflict compares a login with a session that it replaces. A client that keeps no
// cookies is another device each time, but not a known one.
func (p *plan) conflict(in Login, s Session) conflict {
	switch {
	case in.Issued || s.Issued || !p.inUse(s):
		return noConflict
	case in.Address != "" && s.Address != "" && neighbourhood(in.Address) != neighbourhood(s.Address):
		return certainConflict
	case !in.KnownDevice || len(s.DeviceHash) == 0 || slices.Equal(in.DeviceHash, s.DeviceHash):
		return noConflict
	case s.KnownDevice:
		return certainConflict
	}
	return possibleConflict
}

// countReplacement counts a login that replaces sessions, however many, as one
// replacement, and reports whether it is one too many.
func (p *plan) countReplacement(c *Contest, in Login, victims []Session) bool {
	if in.KnownDevice {
		c.proven(in.DeviceHash)
	}
	if len(victims) == 0 {
		return false
	}
	var unproven []byte
	for _, s := range victims {
		switch p.conflict(in, s) {
		case certainConflict:
			c.Replaced = append(c.Replaced, p.now)
			return c.exhausted(p.now)
		case possibleConflict:
			unproven = s.DeviceHash
		}
	}
	if unproven != nil {
		c.Unproven = append(c.Unproven, Unproven{Device: unproven, At: p.now})
		c.Unproven = c.Unproven[max(len(c.Unproven)-maxUnproven, 0):]
	}
	return c.exhausted(p.now)
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
