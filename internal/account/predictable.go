package account

import (
	_ "embed"
	"strings"
	"unicode"
	"unicode/utf8"
)

// common has the words and passwords that attackers try first, in canonical form,
// one per line, sorted, with a line end before the first and after the last. A
// search costs little compared with a hash.
//
//go:embed common.txt
var common string

// Bounds of a predictable password.
const (
	maxSurprise = 3 // surprises in a password that is trivial
	maxPadding  = 6 // surprises in the digits and signs around a word
)

// predictable reports whether a password is trivial, on the list, or a word of the
// list disguised by common substitutions: repeated, with digits and signs around
// it, or with digits for letters.
func predictable(password string) bool {
	whole := Canonical(password)
	if listed(whole) {
		return true
	}
	part := unit(whole)
	if listed(part) || surprises(part) <= maxSurprise {
		return true
	}
	word, padding := core(part)
	word = unit(word)
	return surprises(padding) <= maxPadding && (listed(word) || listed(plain(word)))
}

// madeOf reports whether a password consists of one or more of names, with digits
// and signs around them that add little.
func madeOf(password string, names []string) bool {
	const shortest = 3 // characters; a shorter name is part of too many passwords
	rest := Canonical(password)
	whole := len(rest)
	for _, name := range names {
		if name = Canonical(name); utf8.RuneCountInString(name) >= shortest {
			rest = strings.ReplaceAll(rest, name, "")
		}
	}
	return len(rest) < whole && !strings.ContainsFunc(rest, unicode.IsLetter) && surprises(unit(rest)) <= maxPadding
}

// listed reports whether s is a line of the list.
func listed(s string) bool {
	return s != "" && !strings.Contains(s, "\n") && strings.Contains(common, "\n"+s+"\n")
}

// unit returns the shortest string of which s is a repetition, s itself if there is
// no shorter one.
func unit(s string) string {
	if s == "" {
		return s
	}
	// The second s in s+s starts at the smallest period.
	return s[:1+strings.Index((s + s)[1:], s)]
}

// core returns s without the digits and signs at its ends, and those.
func core(s string) (word, padding string) {
	isNotLetter := func(r rune) bool { return !unicode.IsLetter(r) }
	word = strings.TrimLeftFunc(s, isNotLetter)
	padding = s[:len(s)-len(word)]
	full := len(word)
	word = strings.TrimRightFunc(word, isNotLetter)
	return word, padding + s[len(s)-(full-len(word)):]
}

// plain replaces the usual digits and signs by the letters they stand for.
func plain(s string) string {
	return strings.NewReplacer("0", "o", "1", "i", "!", "i", "3", "e", "4", "a", "@", "a", "5", "s", "$", "s", "7", "t").Replace(s)
}

// surprises counts the characters of s that do not follow from the previous one by
// repetition, by counting up or down, or by a step along a row of the keyboard. It
// reads s as one row, or as two alternating ones (1q2w3e).
func surprises(s string) int {
	runes := []rune(s)
	var turns [2][]rune
	for i, r := range runes {
		turns[i%2] = append(turns[i%2], r)
	}
	return min(steps(runes), steps(turns[0])+steps(turns[1]))
}

func steps(runes []rune) int {
	n := 0
	for i, r := range runes {
		if i == 0 || !follows(runes[i-1], r) {
			n++
		}
	}
	return n
}

// follows reports whether b is predictable after a.
func follows(a, b rune) bool {
	if d := b - a; -1 <= d && d <= 1 {
		return true
	}
	// The rows of the keyboards Q, QWERTZ, AZERTY and F, in canonical letters.
	for _, row := range [...]string{
		"1234567890", "qwertyuiopğü", "asdfghjklşi", "zxcvbnmöç", "qwertzuiop", "yxcvbnm", "azertyuiop", "qsdfghjklm", "wxcvbn",
		"fgğiodrnhpqw", "uieaütkmlyşx", "jövcçzsb",
	} {
		if strings.Contains(row, string([]rune{a, b})) || strings.Contains(row, string([]rune{b, a})) {
			return true
		}
	}
	return a == '9' && b == '0' || a == '0' && b == '9'
}
