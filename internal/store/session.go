package store

import (
	"time"

	"github.com/turnike/turnike/internal/account"
	"github.com/turnike/turnike/internal/session"
)

// SessionRow is a live session as an operator sees it. Its times are those that
// the machine's clock shows [T1].
type SessionRow struct {
	ID         string
	Username   string
	Role       account.Role
	Pool       string // name
	Device     string
	Address    string
	Since      time.Time
	LastActive time.Time
	Expires    time.Time
	Connected  bool              // it has a registered connection
	Seat       session.SeatState // of the user's seat if this session holds it or may resume it; else ""
}

// Entry is one user inside a pool: presence is a view of the seats [P1].
type Entry struct {
	User        string // id
	Name        string
	State       session.SeatState
	Since       time.Time // inside since
	Changed     time.Time // in this state since
	Connections int       // the user's registered connections
}
