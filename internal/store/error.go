package store

import "fmt"

// Refusal is an error that answers the request. It is not a failure of the
// store, so a store does not turn it into session.ErrUnavailable.
type Refusal interface {
	error
	Refusal()
}

// LockedError says that another server runs on the data directory.
type LockedError struct {
	Dir string
	PID int // 0 if it is not known
}

func (e *LockedError) Error() string {
	return fmt.Sprintf("the data directory %s is in use by the server with process id %d", e.Dir, e.PID)
}
