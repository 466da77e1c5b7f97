package session

import "time"

// Code says why a session or a connection ended. It is part of the contract
// and the same everywhere: socket events, problem documents, the event log.
type Code string

// Codes of ended sessions.
const (
	Replaced        Code = "replaced"
	EndedByAdmin    Code = "ended_by_admin"
	Expired         Code = "expired"
	Idle            Code = "idle"
	AccountDisabled Code = "account_disabled"
	LoggedOut       Code = "logged_out"
	PasswordChanged Code = "password_changed"
	RoleChanged     Code = "role_changed"
	Rotated         Code = "rotated" // A5: no client is told
)

// EndCodes are all of them.
func EndCodes() []Code {
	return []Code{Replaced, EndedByAdmin, Expired, Idle, AccountDisabled, LoggedOut, PasswordChanged, RoleChanged, Rotated}
}

// Reasons of user_status offline that are not the code of an ended session.
const (
	reasonLeft     = "left"
	reasonLost     = "lost"
	reasonSeatLost = "seat_lost"
)

// ReasonImport marks the UserCreated events of an import.
const ReasonImport = "import"

// Status is the state of one user in presence [P2].
type Status string

// The values of Status.
const (
	Online       Status = "online"
	Reconnecting Status = "reconnecting"
	Offline      Status = "offline"
)

// EventType says what happened.
type EventType string

// The types of events.
const (
	SessionStarted       EventType = "session_started"
	SessionEnded         EventType = "session_ended"
	SessionRotated       EventType = "session_rotated" // Session became Successor, connections moved along
	ConnectionRegistered EventType = "connection_registered"
	ConnectionLeft       EventType = "connection_left"
	SeatFreed            EventType = "seat_freed" // its grace is over, or another user was given it
	PoolChanged          EventType = "pool_changed"
	PoolDeleted          EventType = "pool_deleted"   // Reason is its name
	ServerStarted        EventType = "server_started" // every seat of the pool went into boot grace [S7]
	UserCreated          EventType = "user_created"
	UsersImported        EventType = "users_imported" // Count accounts, each with its UserCreated
	UserChanged          EventType = "user_changed"
	TokenKeysChanged     EventType = "token_keys_changed" // on the disk; a running server reads them again [SEC-23]
	// AccountSharingSuspected: sessions of the account keep replacing each other [A6].
	AccountSharingSuspected EventType = "account_sharing_suspected"
	// TakeoverRequired: a login has to be confirmed; Reason is the cause.
	TakeoverRequired EventType = "takeover_required"
	// LoginFailed counts, once a minute, what one network has failed to log in to one
	// account. User is empty where there is no such account, Address where it was
	// more than one network, and both in the row for the rest of a flood [SEC-06].
	LoginFailed EventType = "login_failed"
	// LogLost is never logged. A store hands it to its listener in place of events
	// that were pruned before they were read. The listener must read the pool and its
	// sessions again.
	LogLost EventType = "log_lost"
)

// Pos is the position of a commit in the log of all pools. It rises with every
// commit that has events; the events of one commit share it. Gaps mean nothing.
// Zero is no position.
type Pos int64

// Audit reports whether events of this type belong to the audit trail. The others
// belong to presence and are kept for a short time.
func (t EventType) Audit() bool {
	switch t {
	case ConnectionRegistered, ConnectionLeft, SeatFreed:
		return false
	}
	return true
}

// Event is one state change, written in the change's own transaction [I4].
// LogSeq orders the events of a pool without gaps; PresenceSeq is set only
// where Status is, and is what goes on the wire [P3].
type Event struct {
	Pool        PoolID    `json:"-"`
	LogSeq      int64     `json:"-"`
	Pos         Pos       `json:"-"`            // set by the store; 0 for events from before there were positions
	PresenceSeq int64     `json:"presence_seq"` // the pool's after this event
	At          time.Time `json:"-"`
	Type        EventType `json:"-"`
	By          Actor     `json:"by,omitzero"` // who caused it; none for events from before there were actors
	User        string    `json:"user,omitempty"`
	Username    string    `json:"username,omitempty"`
	Session     string    `json:"session,omitempty"`
	Conn        string    `json:"conn,omitempty"`

	Code      Code     `json:"code,omitempty"`      // of an ended session, or what changed of a user
	Reason    string   `json:"reason,omitempty"`    // the operator's text, or what was done to the keys
	Successor string   `json:"successor,omitempty"` // of a rotated or replaced session
	Dropped   []string `json:"dropped,omitempty"`   // connections that a newer one of the same session replaced [S1]
	Device    string   `json:"device,omitempty"`
	Address   string   `json:"address,omitempty"`

	Count     int `json:"count,omitempty"`     // of failed logins, of replacements
	Throttled int `json:"throttled,omitempty"` // of logins that were turned away unchecked

	Expires time.Time `json:"expires,omitzero"` // of a session that started, or of the successor of a rotated one

	// What presence reports. Status is empty if the event does not change it.
	Status        Status    `json:"status,omitempty"`
	OfflineReason string    `json:"offline_reason,omitempty"`
	Since         time.Time `json:"since,omitzero"`
	Connections   int       `json:"connections,omitempty"` // of the user, after the event

	// The pool after the event.
	Limit    int        `json:"limit"`
	Held     int        `json:"held"`
	Grace    int        `json:"grace"`
	Offered  int        `json:"offered"`
	Presence Visibility `json:"presence,omitempty"`
}

// Inside returns the number of users inside after the event: held and in grace.
func (e Event) Inside() int { return e.Held + e.Grace }
