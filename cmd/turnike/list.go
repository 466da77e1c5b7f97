package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/turnike/turnike/internal/input"
)

// listFlags are the flags of every list.
type listFlags struct {
	JSON bool `name:"json" help:"Print JSON."`
}

// print prints rows as a table, or as one JSON array.
func (f listFlags) print(w io.Writer, rows any, header string, cells [][]string) error {
	if f.JSON {
		return printJSON(w, rows)
	}
	return printTable(w, header, cells)
}

// printJSON prints one JSON value on a line.
func printJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// printTable prints aligned columns. The words of the header are the names of the
// columns; on a terminal the header is bold.
func printTable(w io.Writer, header string, cells [][]string) error {
	rows := append([][]string{strings.Fields(header)}, cells...)
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i := range row {
			row[i] = input.Printable(row[i])
			widths[i] = max(widths[i], utf8.RuneCountInString(row[i]))
		}
	}
	bold := terminalStyle(w).bold
	var b strings.Builder
	for n, row := range rows {
		var line strings.Builder
		for i, cell := range row {
			line.WriteString(cell)
			if i < len(row)-1 {
				line.WriteString(strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell)+2))
			}
		}
		if n == 0 {
			fmt.Fprintln(&b, bold(line.String()))
			continue
		}
		fmt.Fprintln(&b, line.String())
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// cut shortens a text to at most that many characters.
func cut(s string, most int) string {
	if runes := []rune(s); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return s
}

// ago returns how long ago t was: 12s, 5m, 3h or 4d.
func ago(now, t time.Time) string {
	d := now.Sub(t)
	switch {
	case d < time.Second:
		return "now"
	case d < time.Minute:
		return fmt.Sprintf("%ds", d/time.Second)
	case d < time.Hour:
		return fmt.Sprintf("%dm", d/time.Minute)
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh", d/time.Hour)
	}
	return fmt.Sprintf("%dd", d/(24*time.Hour))
}

// yes returns "yes" or "no".
func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
