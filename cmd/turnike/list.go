package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"
)

// listFlags are those of every list.
type listFlags struct {
	JSON bool `name:"json" help:"Print one JSON array."`
}

// print writes rows as a table for people, or as one JSON array.
func (f listFlags) print(w io.Writer, rows any, header string, cells [][]string) error {
	if f.JSON {
		return printJSON(w, rows)
	}
	return printTable(w, header, cells)
}

// printJSON writes one JSON value and a line end.
func printJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// printTable writes aligned columns under a header, whose words are them.
func printTable(w io.Writer, header string, cells [][]string) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	rows := append([][]string{strings.Fields(header)}, cells...)
	for _, row := range rows {
		for i := range row {
			row[i] = printable(row[i])
		}
		if _, err := fmt.Fprintln(t, strings.Join(row, "\t")); err != nil {
			return err
		}
	}
	return t.Flush()
}

// printable keeps what clients have named themselves from moving the cursor.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsGraphic(r) {
			return '\uFFFD'
		}
		return r
	}, s)
}

// stamp writes a time as the contract does: RFC 3339, UTC, milliseconds.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// yes writes a truth for people.
func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
