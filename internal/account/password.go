package account

import (
	"errors"
	"fmt"
	"unicode/utf8"
)

// Lengths of passwords [SEC-03] [SEC-04].
const (
	MaxPasswordBytes = 1024 // bytes; longer ones are refused, never truncated
	FloorPassword    = 8    // characters; the least that can be configured
	DefaultPassword  = 12   // characters; the default minimum
)

// The reasons for which Policy.Check refuses a password. The errors that wrap them
// have a message for people and never show the password.
var (
	ErrPasswordShort  = errors.New("the password is too short")
	ErrPasswordLong   = errors.New("the password is too long")
	ErrPasswordCommon = errors.New("the password is among the first that attackers try")
	ErrPasswordName   = errors.New("the password is made of a name that attackers know")
)

// ErrPolicy says that a policy is below FloorPassword.
var ErrPolicy = errors.New("unsafe password policy")

// Policy decides which new passwords are accepted. There are no composition rules
// and no expiry: both make passwords worse (NIST SP 800-63B-4).
type Policy struct {
	minimum int
	names   []string
}

// NewPolicy returns a policy for passwords of at least minimum characters (0 for
// DefaultPassword) that are not built from one of names: those of the product and
// the operator.
func NewPolicy(minimum int, names ...string) (Policy, error) {
	if minimum == 0 {
		minimum = DefaultPassword
	}
	if minimum < FloorPassword || minimum > MaxPasswordBytes/utf8.UTFMax {
		return Policy{}, fmt.Errorf("%w: the least length is %d characters, not between %d and %d", ErrPolicy, minimum, FloorPassword, MaxPasswordBytes/utf8.UTFMax)
	}
	return Policy{minimum: minimum, names: append([]string{"turnike"}, names...)}, nil
}

// Check returns an error unless the password may be set for this user. It judges
// the whole password, not words in it: "alice2026!" is built from alice's name,
// "the cat that alice feeds" is not.
func (p Policy) Check(password, username string) error {
	if err := CheckLength(password, p.minimum); err != nil {
		return err
	}
	if madeOf(password, append([]string{username}, p.names...)) {
		return ErrPasswordName
	}
	if predictable(password) {
		return ErrPasswordCommon
	}
	return nil
}

// CheckLength returns an error unless the password has at least minimum characters
// and at most MaxPasswordBytes bytes. An import checks only this, with
// FloorPassword.
func CheckLength(password string, minimum int) error {
	if len(password) > MaxPasswordBytes {
		return tooLong(password)
	}
	if n := utf8.RuneCountInString(password); n < minimum {
		return fmt.Errorf("%w: it has %d characters, at least %d are needed", ErrPasswordShort, n, minimum)
	}
	return nil
}

func tooLong(password string) error {
	return fmt.Errorf("%w: it has %d bytes, at most %d are possible", ErrPasswordLong, len(password), MaxPasswordBytes)
}
