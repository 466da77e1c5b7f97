package session

import (
	"slices"
	"time"

	"github.com/turnike/turnike/internal/account"
)

// PoolID names a pool in the store. Pool 0 is the system's own: events that
// belong to no other pool are logged there. No user is inside it.
type PoolID int64

// SystemPool is the pool of events that belong to no other.
const SystemPool PoolID = 0

// LoginMode says when a user of a pool takes a seat [S2].
type LoginMode string

// The values of LoginMode.
const (
	LoginSession LoginMode = "session" // at register_user; a login to a full pool succeeds
	LoginSeat    LoginMode = "seat"    // at login; a login to a full pool is refused
)

// Visibility says what the users of a pool see of each other [P5].
type Visibility string

// The values of Visibility.
const (
	VisibilityNames Visibility = "names" // who is inside
	VisibilityCount Visibility = "count" // only how many
	VisibilityNone  Visibility = "none"  // how many, and asking for more is refused
)

// Policy says what a login does if the user's sessions are in use [A4].
type Policy string

// The values of Policy.
const (
	PolicyReplace Policy = "replace" // the newest login wins
	PolicyDeny    Policy = "deny"    // a session in use stays, the login is refused
	PolicyAsk     Policy = "ask"     // the login has to be confirmed with a ticket
)

// Pool is a seat limit shared by its users. Policy, MaxSessions, Login and
// Presence are zero where the server's configuration decides.
type Pool struct {
	ID          PoolID
	Name        string
	Limit       int
	LimitSet    bool // set by an operator, so the configuration does not touch it
	Policy      Policy
	MaxSessions int
	Login       LoginMode
	Presence    Visibility

	Held, Grace, Offered int   // seats by state
	LogSeq               int64 // the newest event of the pool
	PresenceSeq          int64 // the newest event that user_status reports [P3]
}

// Used returns the number of seats that count against the limit [A2].
func (p Pool) Used() int { return p.Held + p.Grace + p.Offered }

// User is the part of an account that the rules need.
type User struct {
	ID           string
	Name         string
	Role         account.Role
	Pool         PoolID
	Disabled     bool
	Deleted      bool
	CredVersion  int64 // raised by every change that ends all sessions [A7]
	PasswordHash string
	SeatLost     bool // the seat was given away [S4] and none was held since
}

// Session is one login of one user.
type Session struct {
	ID         string // the sid claim
	User       string
	Pool       PoolID
	Device     string // a description that people recognise
	DeviceHash []byte // SHA-256 of the device cookie; nil without one [A5]
	// KnownDevice is set if the login sent that cookie: its client keeps cookies [A6].
	KnownDevice bool
	Address     string
	Issued      bool // made by an operator without a password
	Created     time.Time
	LastActive  time.Time
	Expires     time.Time

	Ended     time.Time // zero while live
	Code      Code      // why it ended
	Reason    string    // the operator's free text
	Successor string    // the session it was rotated into [A5], or replaced by
}

// Live reports whether the session has neither ended nor expired at now.
func (s Session) Live(now time.Time) bool { return s.Ended.IsZero() && now.Before(s.Expires) }

// Device is a browser or client that a user has logged in from [SEC-07].
type Device struct {
	User string
	Hash []byte    // SHA-256 of the device cookie
	Seen time.Time // the last login
}

// A store keeps this many devices of each user, for this long after their last
// login. A browser keeps the cookie for the same time.
const (
	MaxDevices = 32
	DeviceLife = 365 * 24 * time.Hour
)

// SeatState is the state of a seat that is not free.
type SeatState string

// The values of SeatState.
const (
	Held    SeatState = "held"
	Grace   SeatState = "grace"
	Offered SeatState = "offered"
)

// GraceKind says why a seat is in grace. Only a seat in ordinary grace can be given
// to another user before its grace ends [S4].
type GraceKind string

// The values of GraceKind.
const (
	GraceOrdinary GraceKind = "ordinary" // the transport was lost [S3]
	GraceBoot     GraceKind = "boot"     // the server restarted [S7]
	GraceHandover GraceKind = "handover" // moved to a new session that has not registered yet [A3]
	GraceLogin    GraceKind = "login"    // taken by a login [S2]
)

// Seat is the right of one user to be inside its pool.
type Seat struct {
	User     string
	Username string
	Pool     PoolID
	Session  string // the session that holds it, or may resume it
	State    SeatState
	Kind     GraceKind // only in grace
	Since    time.Time // inside since
	Changed  time.Time // in this state since
	Deadline time.Time // when grace ends; zero while held
	Reclaim  time.Time // from when another user may be given it; zero while held
}

// lapsed reports whether the seat's grace is over at now.
func (s Seat) lapsed(now time.Time) bool { return s.State != Held && !now.Before(s.Deadline) }

// Connection is one registered live socket of a session. Only a registered one can
// move or free the seat [S3].
type Connection struct {
	ID         string
	Session    string
	User       string
	Registered time.Time
}

// State is all that a rule may see: one user and its pool.
type State struct {
	Pool     Pool
	User     User
	Sessions []Session    // live ones of the user, oldest first
	Conns    []Connection // registered ones of the user, oldest first
	Seat     *Seat        // the user's, if any
	Sharing  Sharing      // of the user's sessions [A6]
	Draining bool         // the run that serves the pool is about to end [S7]
	// Still is set while no server runs. No grace ends and no seat is given away
	// until the next start has put them all into boot grace [T1] [S7].
	Still bool
	// Next is the seat of another user in the pool that can be given away first:
	// the one with the smallest Reclaim. It is nil if none is in grace.
	Next *Seat
}

// Change is the decision of a rule. The store writes all of it or nothing.
type Change struct {
	Pool      Pool         // counters and sequence numbers after the change
	User      *User        // the user's row, when it changes
	Device    *Device      // from which the user has just logged in
	Sharing   *Sharing     // the user's, when it changes
	Sessions  []Session    // new or changed
	Conns     []Connection // new or changed
	ConnsGone []string     // connection ids
	Seats     []Seat       // new or changed
	SeatsGone []string     // user ids
	SeatLost  []string     // ids of users whose seat was given away [S4]
	Events    []Event      // in order, numbered
}

// Empty reports whether there is nothing to write.
func (c Change) Empty() bool { return len(c.Events) == 0 }

// session returns the live session with that id.
func (s *State) session(id string) *Session {
	i := slices.IndexFunc(s.Sessions, func(x Session) bool { return x.ID == id })
	if i < 0 {
		return nil
	}
	return &s.Sessions[i]
}

// connsOf returns the registered connections of one session.
func (s *State) connsOf(session string) []Connection {
	var out []Connection
	for _, c := range s.Conns {
		if c.Session == session {
			out = append(out, c)
		}
	}
	return out
}
