package input

import (
	"strconv"
	"strings"
	"unicode"
)

// Quote quotes a text for a message of one line. It keeps at most 80 bytes.
func Quote(s string) string {
	const most = 80
	if len(s) > most {
		return strconv.Quote(strings.ToValidUTF8(s[:most], "")) + "…"
	}
	return strconv.Quote(s)
}

// Enumerate lists words for a message: "a", "b" or "c".
func Enumerate[T ~string](words []T) string {
	var b strings.Builder
	for i, w := range words {
		switch {
		case i == 0:
		case i == len(words)-1:
			b.WriteString(" or ")
		default:
			b.WriteString(", ")
		}
		b.WriteString(strconv.Quote(string(w)))
	}
	return b.String()
}

// Printable replaces every character that could control a terminal, such as an
// escape in a device name that a client sent [SEC-57].
func Printable(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsGraphic(r) {
			return '\uFFFD'
		}
		return r
	}, s)
}
