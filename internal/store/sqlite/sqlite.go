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

// busyTimeout is how long one statement waits for another process's
// transaction; a longer one is waited for again [writer.begin].
const busyTimeout = 5 * time.Second

// writePatience is how long requests wait for another process's transaction
// before those who can try again later are told so [writer.turnAway].
const writePatience = 4 * time.Second

// Primary result codes, https://www.sqlite.org/rescode.html
const (
	codeBusy       = 5
	codeConstraint = 19
)

// connector makes connections to the database of a data directory. A write is
// durable when COMMIT returns: WAL alone would not make it so, synchronous=FULL
// does [SEC-27].
func connector(opts Options, readOnly bool) (driver.Connector, error) {
	path, err := filepath.Abs(filepath.Join(opts.Dir, File))
	if err != nil {
		return nil, err
	}
	// The file is made elsewhere [create]: a connection must not make an empty one
	// where somebody has deleted it.
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
		q.Add("_pragma", "cache_size(-32768)") // KiB; filled as it is used
	}
	return sqlite.NewConnector((&url.URL{Scheme: "file", Path: filepath.ToSlash(path), RawQuery: q.Encode()}).String())
}

// The statements that begin a transaction. A writing one takes the lock at
// once: a deferred one could be refused half-way.
const (
	beginWrite = `BEGIN IMMEDIATE`
	beginRead  = `BEGIN`
)

// dataVersion changes on a connection whenever another one has committed.
const dataVersion = `PRAGMA data_version`

// busy reports whether another process's transaction was in the way.
func busy(err error) bool { return hasCode(err, codeBusy) }

// ownFault reports whether an error concerns its statement alone: a constraint
// undoes the statement, and the transaction stands. After any other error the
// transaction may be gone.
func ownFault(err error) bool { return hasCode(err, codeConstraint) }

func hasCode(err error, primary int) bool {
	e, ok := errors.AsType[*sqlite.Error](err)
	return ok && e.Code()&0xff == primary
}

// whenRolledBack calls fn, in the goroutine that uses the connection, whenever
// a transaction is rolled back, by a statement or by SQLite itself.
func whenRolledBack(c driver.Conn, fn func()) {
	if hooks, ok := c.(interface {
		RegisterRollbackHook(sqlite.RollbackHookFn)
	}); ok {
		hooks.RegisterRollbackHook(fn)
	}
}
