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

// ErrName is for a user name that is not allowed; the error that wraps it
// says why.
var ErrName = errors.New("invalid user name")

// ParseName checks a user name and gives it as it is shown: verbatim, but in
// Unicode's form NFC, in which one text is written in one way.
//
// A name has 1 to 64 characters in at most 256 bytes, no space at either end,
// and only characters that can be seen: no control, format or other invisible
// ones, with which two names could look the same or the text around a name be
// reversed. Joiners are allowed where they change what is seen.
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

// visible tells whether r is a letter, mark, number, sign or space that takes
// part in what is seen.
func visible(r rune) bool {
	return unicode.IsGraphic(r) &&
		!unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r) &&
		!unicode.Is(unicode.Variation_Selector, r)
}

// Canonical gives the form under which a name is unique, looked up and
// limited: variants in case, width, composition and spacing are one account
// [SEC-06]. It is never shown. It takes any string, also one that ParseName
// refuses; Canonical(Canonical(s)) is Canonical(s).
//
// It is Unicode's compatibility caseless match (D146) with one addition:
// i, I, İ and ı are one letter. Joiners do not count. Which of them are a pair depends on the
// language, and an account must not depend on that: IŞIK and Işık have to find
// ışık, and TITIZ has to find titiz, on every machine.
func Canonical(name string) string {
	fold := cases.Fold()
	// Beside bytes that are not UTF-8 the norm package leaves text as it is.
	name = strings.ToValidUTF8(name, "\ufffd")
	name = joiners().Replace(name)
	s := norm.NFKC.String(fold.String(norm.NFD.String(name)))
	s = norm.NFD.String(fold.String(s))
	return strings.Join(strings.Fields(norm.NFKC.String(undot(s))), " ")
}

// undot makes one letter of i and ı, with or without a dot above, in folded
// and decomposed text, where İ is i with that dot.
func undot(s string) string {
	const dot = '\u0307'
	var b strings.Builder
	b.Grow(len(s))
	onI := false // the marks that come now stand on an i
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
