package account

import (
	"strings"
	"unicode"

	"golang.org/x/net/idna"
)

// Invisible characters that change how their neighbours look.
const (
	zeroWidthNonJoiner = '\u200c'
	zeroWidthJoiner    = '\u200d'
	emojiPresentation  = '\ufe0f' // variation selector 16
)

// joiners removes them before names are compared.
func joiners() *strings.Replacer {
	return strings.NewReplacer(string(zeroWidthNonJoiner), "", string(zeroWidthJoiner), "", string(emojiPresentation), "")
}

// joins reports whether the character at i is a joiner at a place where Unicode
// allows one: between letters, as Persian and Indian scripts need it (RFC 5892,
// appendices A.1 and A.2), or inside an emoji sequence (UTS #51, ED-16).
func joins(name []rune, i int) bool {
	switch name[i] {
	case emojiPresentation:
		return i > 0 && unicode.Is(unicode.So, name[i-1])
	case zeroWidthJoiner:
		before := i - 1
		for before > 0 && (name[before] == emojiPresentation || unicode.Is(unicode.Sk, name[before])) { // skin tones are Sk
			before--
		}
		if before >= 0 && i+1 < len(name) && unicode.Is(unicode.So, name[before]) && unicode.Is(unicode.So, name[i+1]) {
			return true
		}
	case zeroWidthNonJoiner:
	default:
		return false
	}
	return joinsLetters(name, i)
}

// joinsLetters applies the rules for letters to the word around the joiner.
func joinsLetters(name []rune, i int) bool {
	begin, end := i, i+1
	for begin > 0 && unicode.In(name[begin-1], unicode.L, unicode.M) {
		begin--
	}
	for end < len(name) && unicode.In(name[end], unicode.L, unicode.M) {
		end++
	}
	_, err := idna.New(idna.CheckJoiners(true)).ToUnicode(string(name[begin:end]))
	return err == nil
}
