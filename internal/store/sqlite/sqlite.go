package sqlite

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"time"

	"modernc.org/sqlite"
)

// File is the name of the database in the data directory.
const File = "turnike.db"

// busyTimeout is how long one statement waits for the transaction of another
// process. [writer.begin] waits again.
const busyTimeout = 5 * time.Second

// writePatience is how long requests wait for the transaction of another process
// before callers that can try again get an error [writer.turnAway].
const writePatience = 4 * time.Second

// Primary result codes, https://www.sqlite.org/rescode.html
const (
	codeBusy       = 5
	codeConstraint = 19
)

// connector opens connections to the database of a data directory. With
// synchronous=FULL, unlike with WAL alone, a write is durable when COMMIT returns
// [SEC-27].
func connector(opts Options, readOnly bool) (driver.Connector, error) {
	path, err := filepath.Abs(filepath.Join(opts.Dir, File))
	if err != nil {
		return nil, err
	}
	// [create] creates the file. A connection must not create an empty one after the
	// file was deleted.
	q := url.Values{"mode": {"rw"}, "_txlock": {"immediate"}, "_pragma": {
		fmt.Sprintf("busy_timeout(%d)", opts.busy.Milliseconds()),
		"journal_mode(WAL)",
		"synchronous(FULL)",
		"foreign_keys(1)",
		"temp_store(MEMORY)",
		"journal_size_limit(67108864)",
	}}
	if readOnly {
		q.Add("_pragma", "query_only(1)")
	} else {
		q.Add("_pragma", "cache_size(-32768)") // KiB; allocated as it is used
	}
	return sqlite.NewConnector((&url.URL{Scheme: "file", Path: filepath.ToSlash(path), RawQuery: q.Encode()}).String())
}

// The statements that begin a transaction. A writing one takes the lock at once: a
// deferred one could fail in the middle.
const (
	beginWrite = `BEGIN IMMEDIATE`
	beginRead  = `BEGIN`
)

// dataVersion changes on a connection after another one has committed.
const dataVersion = `PRAGMA data_version`

// busy reports whether the transaction of another process caused the error.
func busy(err error) bool { return hasCode(err, codeBusy) }

// ownFault reports whether an error concerns only its statement. A constraint undoes
// the statement, and the transaction continues. After any other error the
// transaction may be gone.
func ownFault(err error) bool { return hasCode(err, codeConstraint) }

func hasCode(err error, primary int) bool {
	e, ok := errors.AsType[*sqlite.Error](err)
	return ok && e.Code()&0xff == primary
}

// whenRolledBack calls fn after each rollback, by a statement or by SQLite itself, in
// the goroutine that uses the connection.
func whenRolledBack(c driver.Conn, fn func()) {
	if hooks, ok := c.(interface {
		RegisterRollbackHook(sqlite.RollbackHookFn)
	}); ok {
		hooks.RegisterRollbackHook(fn)
	}
}
