package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
)

//go:embed migration/*.sql
var migrations embed.FS

// migrate brings the schema up to date. The caller makes sure that no other process
// migrates at the same time. It refuses a database of a later version of the program,
// because the meaning of its columns is unknown.
//
// A command does not migrate while a server runs: an older server could not start
// again. Error: *ServedError.
func migrate(ctx context.Context, db *sql.DB, opts Options) error {
	files, err := fs.Sub(migrations, "migration")
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, db, files,
		goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
	if err != nil {
		return err
	}
	have, want, err := p.GetVersions(ctx)
	if err != nil {
		return err
	}
	if have > want {
		return fmt.Errorf("the database was made by a later version (schema %d, known here is %d); use that version", have, want)
	}
	if have == want {
		return nil
	}
	if err := opts.unserved("does not migrate the database"); err != nil {
		return fmt.Errorf("the database has schema %d and this version needs %d: %w; restart the server with this version, or use the version of the server", have, want, err)
	}
	_, err = p.Up(ctx)
	return err
}

// schemaOf returns the version of the schema, 0 if there is none.
func schemaOf(c *conn) (int64, error) {
	var version int64
	err := c.query(`SELECT MAX(version_id) FROM goose_db_version WHERE is_applied = 1`, func(r row) error {
		version = r.int64(0)
		return nil
	})
	return version, err
}
