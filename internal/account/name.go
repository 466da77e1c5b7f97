package account

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Limits of a user name.
const (
	MaxNameRunes = 64
	MaxNameBytes = 256
)

// ErrName says that a user name is not allowed. The error that wraps it says why.
var ErrName = errors.New("invalid user name")

// ParseName checks a user name and returns it as it is shown: as typed, in
// Unicode's normal form NFC.
//
// A name has 1 to 64 characters in at most 256 bytes, no space at either end, and
// only visible characters. Control, format and other invisible characters could
// make two names look the same, or reverse the text around a name. Joiners are
// allowed where they change what is seen.
func ParseName(raw string) (string, error) {
	switch {
	case raw == "":
		return "", nameError("it is empty")
	case len(raw) > MaxNameBytes:
		return "", nameError("it has more than %d bytes", MaxNameBytes)
	case !utf8.ValidString(raw):
		return "", nameError("it is not UTF-8")
	}
	name := norm.NFC.String(raw)
	switch {
	case len(name) > MaxNameBytes:
		return "", nameError("it has more than %d bytes", MaxNameBytes)
	case utf8.RuneCountInString(name) > MaxNameRunes:
		return "", nameError("it has more than %d characters", MaxNameRunes)
	case strings.TrimSpace(name) != name:
		return "", nameError("it begins or ends with a space")
	}
	runes := []rune(name)
	for i, r := range runes {
		if !visible(r) && !joins(runes, i) {
			return "", nameError("it contains the invisible character %U", r)
		}
	}
	return name, nil
}

func nameError(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrName, fmt.Sprintf(format, args...))
}

// visible reports whether r is a visible letter, mark, number or sign, or a space.
func visible(r rune) bool {
	return unicode.IsGraphic(r) &&
		!unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r) &&
		!unicode.Is(unicode.Variation_Selector, r)
}

// Canonical returns the form by which a name is unique, found and limited: variants
// in case, width, composition and spacing are one account [SEC-06]. It is never
// shown. It accepts any string, also one that ParseName refuses, and
// Canonical(Canonical(s)) is Canonical(s).
//
// It is Unicode's compatibility caseless match (D146) without joiners, and with one
// addition: i, I, İ and ı are one letter. Which of them form a pair depends on the
// language, but an account must not: IŞIK and Işık must find ışık, and TITIZ must
// find titiz, on every machine.
func Canonical(name string) string {
	fold := cases.Fold()
	// Package norm does not normalise text next to bytes that are not UTF-8.
	name = strings.ToValidUTF8(name, "\ufffd")
	name = joiners().Replace(name)
	s := norm.NFKC.String(fold.String(norm.NFD.String(name)))
	s = norm.NFD.String(fold.String(s))
	return strings.Join(strings.Fields(norm.NFKC.String(undot(s))), " ")
}

// undot replaces i and ı, with or without a dot above, by one letter. The text is
// folded and decomposed, so İ is i with a combining dot.
func undot(s string) string {
	const dot = '\u0307'
	var b strings.Builder
	b.Grow(len(s))
	onI := false // the following marks belong to an i
	for _, r := range s {
		if r == 'ı' {
			r = 'i'
		}
		if r == dot && onI {
			continue
		}
		if !unicode.Is(unicode.M, r) {
			onI = r == 'i'
		}
		b.WriteRune(r)
	}
	return b.String()
}
