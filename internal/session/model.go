package session

import (
	"slices"
	"time"

	"github.com/turnike/turnike/internal/account"
)

// PoolID names a pool in the store. Pool 0 is the system's own: events that
// belong to no pool are logged there, and nobody is inside it.
type PoolID int64

// SystemPool is the pool of events that belong to no other.
const SystemPool PoolID = 0

// LoginMode tells when a user of a pool takes its seat [S2].
type LoginMode string

// The values of LoginMode.
const (
	LoginSession LoginMode = "session" // at register_user; a login to a full pool succeeds
	LoginSeat    LoginMode = "seat"    // at login; a login to a full pool is refused
)

// Visibility tells what the users of a pool see of each other [P5].
type Visibility string

// The values of Visibility.
const (
	VisibilityNames Visibility = "names" // who is inside
	VisibilityCount Visibility = "count" // only how many
	VisibilityNone  Visibility = "none"  // how many, and asking for more is refused
)

// Policy tells what a login does that finds the user's sessions in use [A4].
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

// Used is the number of seats that count against the limit [A2].
func (p Pool) Used() int { return p.Held + p.Grace + p.Offered }

// User is what the rules need to know of an account.
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
	Device     string // what a person recognises the device by
	DeviceHash []byte // SHA-256 of the device cookie; nil without one [A5]
	// KnownDevice is set when the login came with that cookie, so that the client
	// is one that keeps cookies [A6].
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

// Live tells whether the session has not ended and not expired at now.
func (s Session) Live(now time.Time) bool { return s.Ended.IsZero() && now.Before(s.Expires) }

// Device is a browser or client that a user has logged in from [SEC-07].
type Device struct {
	User string
	Hash []byte    // SHA-256 of the device cookie
	Seen time.Time // the last login
}

// What a store keeps of the devices: of each user that many, for so long after
// their last login, which is how long a browser keeps the cookie.
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

// GraceKind tells why a seat is in grace; only an ordinary grace can be cut
// short for somebody else [S4].
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
	Reclaim  time.Time // from when somebody else may be given it; zero while held
}

// lapsed tells whether the seat's grace is over at now.
func (s Seat) lapsed(now time.Time) bool { return s.State != Held && !now.Before(s.Deadline) }

// Connection is one registered live socket of a session. Only it can move or
// free the seat it holds [S3].
type Connection struct {
	ID         string
	Session    string
	User       string
	Registered time.Time
}

// State is all that a rule may look at: one user and its pool.
type State struct {
	Pool     Pool
	User     User
	Sessions []Session    // live ones of the user, oldest first
	Conns    []Connection // registered ones of the user, oldest first
	Seat     *Seat        // the user's, if any
	Contest  Contest      // of the user's sessions [A6]
	Draining bool         // the run that serves the pool is about to end [S7]
	// Still says that no server runs: no grace ends and no seat is given away
	// until the next one has put them all into boot grace [T1] [S7].
	Still bool
	// Next is the seat of another user in the pool that can be given away
	// soonest: the one with the smallest Reclaim. Nil when none is in grace.
	Next *Seat
}

// Change is what a rule decided. The store writes all of it or nothing.
type Change struct {
	Pool      Pool         // counters and sequence numbers after the change
	User      *User        // the user's row, when it changes
	Device    *Device      // that the user has just logged in from
	Contest   *Contest     // the user's, when it changes
	Sessions  []Session    // new or changed
	Conns     []Connection // new or changed
	ConnsGone []string     // connection ids
	Seats     []Seat       // new or changed
	SeatsGone []string     // user ids
	SeatLost  []string     // ids of users whose seat was given away [S4]
	Events    []Event      // in order, numbered
}

// Empty tells whether there is nothing to write.
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
