package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"time"
)

// conn is one connection with its prepared statements. One goroutine uses it at a
// time. Statements cannot be cancelled: a context would cost more than they do.
type conn struct {
	driver driver.Conn
	stmts  map[string]driver.Stmt // by their SQL, prepared when first used
	args   []driver.NamedValue    // reused from call to call
	dest   row                    // reused from row to row

	// failed is the first error, since it was reset, that concerns more than its
	// statement. After it the state of the transaction is unknown: after some errors,
	// also of reads, SQLite rolls it back by itself, and would then commit each
	// further statement alone.
	failed error
}

// open opens a connection.
func open(c driver.Connector) (*conn, error) {
	dc, err := c.Connect(context.Background())
	if err != nil {
		return nil, err
	}
	one := &conn{driver: dc, stmts: make(map[string]driver.Stmt)}
	whenRolledBack(dc, func() { _ = one.fail(errRolledBack) })
	return one, nil
}

// errRolledBack says that the transaction was rolled back, for an unknown reason.
var errRolledBack = errors.New("the database has rolled the transaction back")

// fail records an error of the driver and returns it.
func (c *conn) fail(err error) error {
	if c.failed == nil && err != nil && !ownFault(err) {
		c.failed = err
	}
	return err
}

func (c *conn) close() error {
	var errs []error
	for _, s := range c.stmts {
		errs = append(errs, s.Close())
	}
	return errors.Join(append(errs, c.driver.Close())...)
}

// prepare returns the prepared statement, and its arguments in the driver's form.
func (c *conn) prepare(query string, args []any) (driver.Stmt, []driver.NamedValue, error) {
	s, ok := c.stmts[query]
	if !ok {
		var err error
		if s, err = c.driver.Prepare(query); err != nil {
			return nil, nil, c.fail(fmt.Errorf("prepare %q: %w", query, err))
		}
		c.stmts[query] = s
	}
	c.args = c.args[:0]
	for i, a := range args {
		c.args = append(c.args, driver.NamedValue{Ordinal: i + 1, Value: value(a)})
	}
	return s, c.args, nil
}

// value converts an argument to a type of the driver. A time becomes integer
// milliseconds, the zero time NULL.
func value(a any) driver.Value {
	switch v := a.(type) {
	case int:
		return int64(v)
	case bool:
		if v {
			return int64(1)
		}
		return int64(0)
	case time.Time:
		if v.IsZero() {
			return nil
		}
		return v.UnixMilli()
	default:
		return a
	}
}

// exec runs a statement and returns how many rows it changed.
func (c *conn) exec(query string, args ...any) (int64, error) {
	s, named, err := c.prepare(query, args)
	if err != nil {
		return 0, err
	}
	res, err := s.(driver.StmtExecContext).ExecContext(context.Background(), named)
	if err != nil {
		return 0, c.fail(err)
	}
	return res.RowsAffected()
}

// query runs a statement and calls each for every row. each must not use the
// connection and must not keep the row.
func (c *conn) query(query string, each func(row) error, args ...any) error {
	s, named, err := c.prepare(query, args)
	if err != nil {
		return err
	}
	rows, err := s.(driver.StmtQueryContext).QueryContext(context.Background(), named)
	if err != nil {
		return c.fail(err)
	}
	n := len(rows.Columns())
	for len(c.dest) < n {
		c.dest = append(c.dest, nil)
	}
	for {
		if err = rows.Next(c.dest[:n]); err != nil {
			break
		}
		if refused := each(c.dest[:n]); refused != nil {
			return errors.Join(refused, c.fail(rows.Close()))
		}
	}
	if err == io.EOF {
		err = nil
	}
	return c.fail(errors.Join(err, rows.Close()))
}

// row is one row of a result. Its methods return the column with that index; NULL
// is the zero value.
type row []driver.Value

func (r row) int64(i int) int64 {
	v, _ := r[i].(int64)
	return v
}

func (r row) int(i int) int { return int(r.int64(i)) }

func (r row) bool(i int) bool { return r.int64(i) != 0 }

func (r row) string(i int) string {
	v, _ := r[i].(string)
	return v
}

func (r row) bytes(i int) []byte {
	v, _ := r[i].([]byte)
	return v
}

func (r row) time(i int) time.Time {
	if r[i] == nil {
		return time.Time{}
	}
	return time.UnixMilli(r.int64(i)).UTC()
}
