package session

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/netip"
	"slices"
	"time"
)

// The bounds of the detection of sharing [A6] and of tickets [A4].
const (
	sharingReplacements = 3 // within sharingWindow are too many
	sharingWindow       = 60 * time.Second
	confirmFor          = 10 * time.Minute // for so long logins have to be confirmed then
	ticketLife          = 120 * time.Second
	maxTickets          = 8 // of a user; a further one removes the oldest
	maxUnproven         = 8 // replacements of a user; a further one removes the oldest
)

// inUseFor is how long after its last activity a session counts as in use.
const inUseFor = 60 * time.Second

// Sharing is what the store remembers of a user whose sessions replace each other,
// as when two people share an account [A6]. It is zero for almost every user.
type Sharing struct {
	Replaced []time.Time // replacements within the last minute that count
	Unproven []Unproven  // replacements that may still come to count, oldest first
	Until    time.Time   // until then a login that would replace a session has to be confirmed
	Tickets  []Ticket    // issued and not used, oldest first
}

// Unproven is a replacement of a session whose device has not sent its cookie yet:
// its client may keep no cookies. It counts once a login sends that cookie.
type Unproven struct {
	Device []byte // SHA-256 of the device cookie
	At     time.Time
}

// Ticket lets one login replace a session without being asked. It is single-use and
// only valid for the password that was checked when it was issued.
type Ticket struct {
	Hash        []byte // SHA-256
	CredVersion int64
	Expires     time.Time
}

// Empty reports whether there is nothing to remember.
func (c Sharing) Empty() bool {
	return len(c.Replaced)+len(c.Unproven) == 0 && c.Until.IsZero() && len(c.Tickets) == 0
}

// current returns what still counts at now. A time so far ahead that another clock
// must have written it does not count [T1]. The result shares no memory with c.
func (c Sharing) current(now time.Time) Sharing {
	var out Sharing
	for _, at := range c.Replaced {
		if ago := now.Sub(at); ago >= 0 && ago <= sharingWindow {
			out.Replaced = append(out.Replaced, at)
		}
	}
	for _, u := range c.Unproven {
		if ago := now.Sub(u.At); ago >= 0 && ago <= sharingWindow {
			out.Unproven = append(out.Unproven, u)
		}
	}
	if left := c.Until.Sub(now); left > 0 && left <= confirmFor {
		out.Until = c.Until
	}
	for _, t := range c.Tickets {
		if left := t.Expires.Sub(now); left > 0 && left <= ticketLife {
			out.Tickets = append(out.Tickets, t)
		}
	}
	return out
}

func (c Sharing) equal(o Sharing) bool {
	return slices.EqualFunc(c.Replaced, o.Replaced, time.Time.Equal) && c.Until.Equal(o.Until) &&
		slices.EqualFunc(c.Unproven, o.Unproven, func(a, b Unproven) bool { return slices.Equal(a.Device, b.Device) && a.At.Equal(b.At) }) &&
		slices.EqualFunc(c.Tickets, o.Tickets, func(a, b Ticket) bool {
			return slices.Equal(a.Hash, b.Hash) && a.CredVersion == b.CredVersion && a.Expires.Equal(b.Expires)
		})
}

// spend uses a ticket up. It reports whether the ticket was valid.
func (c *Sharing) spend(ticket string, credVersion int64) bool {
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

// issue adds a ticket.
func (c *Sharing) issue(ticket string, credVersion int64, expires time.Time) {
	sum := sha256.Sum256([]byte(ticket))
	c.Tickets = append(c.Tickets, Ticket{Hash: sum[:], CredVersion: credVersion, Expires: expires})
	if n := len(c.Tickets) - maxTickets; n > 0 {
		c.Tickets = c.Tickets[n:]
	}
}

// proven counts the replacements of a device that has now sent its cookie.
func (c *Sharing) proven(device []byte) {
	c.Unproven = slices.DeleteFunc(c.Unproven, func(u Unproven) bool {
		known := slices.Equal(u.Device, device)
		if known {
			c.Replaced = append(c.Replaced, u.At)
		}
		return known
	})
}

// exhausted reports whether there were too many replacements. If so, logins have to
// be confirmed from now on for confirmFor.
func (c *Sharing) exhausted(now time.Time) bool {
	if len(c.Replaced) < sharingReplacements {
		return false
	}
	c.Replaced, c.Unproven, c.Until = nil, nil, now.Add(confirmFor)
	return true
}

// conflict says whether a replacement looks like two people who share an account
// [A6].
type conflict int

const (
	noConflict       conflict = iota // the session is not in use, or it may be the same client
	possibleConflict                 // another device, if the session's client keeps its cookie
	certainConflict                  // two addresses, or two devices that are known
)

// conflict compares a login with a session that it replaces. A client that keeps no
// cookies is another device each time, but not a known one.
func (p *transition) conflict(in Login, s Session) conflict {
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

// countReplacement counts a login that replaces sessions as one replacement, however
// many sessions end. It reports whether it is one too many.
func (p *transition) countReplacement(c *Sharing, in Login, victims []Session) bool {
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

// inUse reports whether the session is in use: it is connected, or was active in the
// last minute. Activity in the future came from a wrong clock and does not count
// [A4] [T1].
func (p *transition) inUse(s Session) bool {
	ago := p.now.Sub(s.LastActive)
	return len(p.connsOf(s.ID)) > 0 || ago >= 0 && ago < inUseFor
}

// neighbourhood returns the network within which one client's address may change:
// the /24 of an IPv4 address, the /64 of an IPv6 one.
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
