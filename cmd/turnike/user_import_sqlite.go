package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	_ "modernc.org/sqlite" // the driver

	"github.com/turnike/turnike/internal/input"
)

// readSQLite reads accounts from an application's SQLite database. It opens the
// database read-only.
func readSQLite(ctx context.Context, file, query string, check *importCheck) error {
	if _, err := os.Stat(file); err != nil { // the driver would create the file
		return err
	}
	path, err := filepath.Abs(file)
	if err != nil {
		return err
	}
	name := url.URL{Scheme: "file", Path: path, RawQuery: "mode=ro&_pragma=query_only(1)&_pragma=busy_timeout(5000)"}
	db, err := sql.Open("sqlite", name.String())
	if err != nil {
		return fmt.Errorf("--sqlite: %w", err)
	}
	defer func() { _ = db.Close() }() // nothing was written
	// query_only does not stop ATTACH and VACUUM INTO, which create files.
	if first, _, _ := strings.Cut(strings.ToUpper(strings.TrimSpace(query)), " "); !slices.Contains([]string{"SELECT", "WITH", "VALUES"}, first) {
		return errors.New("--query: it must begin with SELECT, WITH or VALUES")
	}
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return fmt.Errorf("--sqlite %s: %w", file, err)
	}
	defer func() { _ = rows.Close() }() // rows.Err has the same error
	columns, err := rows.Columns()
	if err != nil {
		return fmt.Errorf("--query: %w", err)
	}
	for i, column := range columns {
		columns[i] = strings.ToLower(column)
		if err := new(importRow).set(columns[i], nil); err != nil {
			return fmt.Errorf("--query: unknown column %s: %w; rename it, as in: SELECT email AS username", input.Quote(column), err)
		}
	}
	for number := 1; rows.Next(); number++ {
		fields := make([]sql.NullString, len(columns))
		targets := make([]any, len(columns))
		for i := range fields {
			targets[i] = &fields[i]
		}
		if err := rows.Scan(targets...); err != nil {
			return fmt.Errorf("--query: %w", err)
		}
		row := importRow{where: fmt.Sprintf("row %d", number)}
		for i, f := range fields {
			if !f.Valid {
				continue
			}
			if err := row.set(columns[i], &f.String); err != nil {
				return err
			}
		}
		if err := check.add(row); err != nil {
			return err
		}
	}
	return rows.Err()
}
