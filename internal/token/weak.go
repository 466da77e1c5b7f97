package token

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
)

// MinSecret is the least length of JWT_SECRET_KEY in bytes, which is that of the
// hash (RFC 7518, section 3.2).
const MinSecret = 32

// ErrSecret says that JWT_SECRET_KEY can be guessed. The error that wraps it says
// why and what to do, and does not show the secret.
var ErrSecret = errors.New("JWT_SECRET_KEY is unsafe")

const mend = "make one with `openssl rand -base64 48`, or leave it unset to use a key of Turnike's own"

// checkSecret refuses a secret that is too short or known [SEC-12].
func checkSecret(s string) error {
	switch {
	case known(s):
		return fmt.Errorf("%w: it is a well-known placeholder; %s", ErrSecret, mend)
	case len(s) < MinSecret:
		return fmt.Errorf("%w: it has %d bytes, at least %d are needed; %s", ErrSecret, len(s), MinSecret, mend)
	case monotonous(s):
		return fmt.Errorf("%w: it repeats itself; %s", ErrSecret, mend)
	}
	return nil
}

// known reports whether a secret comes from some documentation, or repeats such a
// word until it is long enough. It ignores case and signs.
func known(s string) bool {
	if strings.Trim(s, ":D") == "" { // the first secret that Turnike had
		return true
	}
	word := bare(s)
	if word == "" {
		return false
	}
	for _, part := range placeholders() {
		if strings.Contains(word, part) {
			return true
		}
	}
	for _, whole := range examples() {
		rest := strings.ReplaceAll(word, bare(whole), "")
		if len(rest) < len(word) && strings.Trim(rest, "0123456789") == "" {
			return true
		}
	}
	return false
}

// bare returns the letters and digits of s in lower case.
func bare(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}

// placeholders returns words that no random secret contains.
func placeholders() []string {
	return []string{
		"changeme", "changethis", "changeit", "pleasechange", "replaceme", "replacethis", "replacewith", "placeholder",
		"yoursecret", "yourjwt", "yourkey", "your256bit", "your384bit", "your512bit", "mysecret", "supersecret", "topsecret",
		"secretkey", "jwtsecret", "notsosecret", "insecure", "donotuse", "dontuse", "tobechanged", "insertyour", "exampleonly",
		"256bitslong", "384bitslong", "512bitslong", "degistirin", "değiştirin", "gizlianahtar",
	}
}

// examples returns secrets from documentation and from first attempts.
func examples() []string {
	return []string{
		"secret", "secrets", "password", "passw0rd", "pass", "admin", "root", "test", "testing", "dev", "development", "demo", "default",
		"example", "sample", "key", "private", "token", "jwt", "jsonwebtoken", "auth", "hmac", "hs256", "flask", "django", "node", "express",
		"turnike", "null", "none", "undefined", "true", "false", "string", "foo", "bar", "foobar", "baz", "qwerty", "qwertyuiop", "asdf",
		"asdfghjkl", "zxcvbnm", "abc", "abcdef", "abcdefghijklmnopqrstuvwxyz", "abcdefghijklmnopqrstuvwxyzabcdef", "letmein", "welcome",
		"hunter2", "keyboardcat", "shhhhh", "shhhhhhared", "sifre", "şifre", "parola", "gizli", "anahtar", "deneme", "deadbeef", "cafebabe",
		"correcthorsebatterystaple", "thisisasecret", "thisisaverylongsecret", "averylongsecret", "0123456789abcdef", "fedcba9876543210",
		"averysecretkeythatnobodyknows", "thisshouldbesecret", "keepitsecret", "keepitsecretkeepitsafe", "somethingverysecret", "secretsecret",
	}
}

// monotonous reports whether s has fewer than eight different bytes, or repeats a
// start of at most fifteen bytes.
func monotonous(s string) bool {
	var seen [256]bool
	different := 0
	for i := range len(s) {
		if !seen[s[i]] {
			seen[s[i]] = true
			different++
		}
	}
	if different < 8 {
		return true
	}
	for period := 1; period < 16; period++ {
		if strings.HasPrefix(s, s[period:]) {
			return true
		}
	}
	return false
}
