package session

import (
	"slices"
	"time"

	"github.com/turnike/turnike/internal/account"
)

// UserChange is a change of an account by an operator; a nil field stays as it is.
type UserChange struct {
	User         string
	Role         *account.Role
	Pool         *PoolID
	Disabled     *bool
	PasswordHash *string
	Delete       bool
	Restored     bool // from a backup: sessions that ended after it must not be live again
}

// changeUser changes an account. A change of password, role or pool, and disabling or
// deleting it, raise cred_version and end all sessions in the same transaction [A7].
func changeUser(st State, rules Rules, now time.Time, c UserChange) Change {
	p := newTransition(st, rules, now)
	u := p.User
	var code Code
	if c.Restored {
		code = EndedByAdmin
	}
	if c.Role != nil && *c.Role != u.Role {
		u.Role, code = *c.Role, RoleChanged
	}
	if c.Pool != nil && *c.Pool != u.Pool {
		u.Pool, code = *c.Pool, RoleChanged
	}
	if c.PasswordHash != nil {
		u.PasswordHash, code = *c.PasswordHash, PasswordChanged
	}
	enabled := c.Disabled != nil && !*c.Disabled && u.Disabled
	if c.Disabled != nil && *c.Disabled && !u.Disabled {
		u.Disabled, code = true, AccountDisabled
	}
	if c.Delete && !u.Deleted {
		u.Deleted, code = true, AccountDisabled
	}
	if enabled {
		u.Disabled = false
	}
	if code == "" && !enabled {
		return p.done()
	}
	if code != "" {
		u.CredVersion++
		for _, s := range slices.Clone(p.Sessions) {
			p.endSession(s, code, "", "")
		}
		p.freeOrphan(code)
	}
	u.SeatLost = u.SeatLost && u.Pool == p.User.Pool
	p.change.User = &u
	p.emit(Event{Type: UserChanged, Code: code})
	return p.done()
}

// freeOrphan frees a seat that no live session can resume.
func (p *transition) freeOrphan(code Code) {
	if p.Seat == nil {
		return
	}
	p.freeSeat()
	p.emit(Event{Type: SeatFreed, Status: Offline, OfflineReason: string(code), Since: p.now})
}
