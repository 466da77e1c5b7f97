package alert

import (
	"errors"
	"fmt"
	netmail "net/mail"
	"strings"
)

// ErrAddress says that a text is not the address of a mailbox.
var ErrAddress = errors.New("not a mail address")

// maxAddress is the longest address that SMTP allows (RFC 5321, section 4.5.3.1.3).
const maxAddress = 254

// ParseAddress parses one address, with or without a name before it. It refuses
// what a server or relay could read differently: control characters, quoted local
// parts, domains in brackets, and characters outside ASCII [SEC-60].
func ParseAddress(s string) (*netmail.Address, error) {
	if strings.ContainsAny(s, "\r\n\x00") {
		return nil, fmt.Errorf("%w: it has a line end or a NUL in it", ErrAddress)
	}
	a, err := netmail.ParseAddress(s)
	if err != nil {
		return nil, fmt.Errorf("%w: write one such as %q", ErrAddress, "owner@example.com")
	}
	for _, r := range a.Name {
		if r < ' ' || r == 0x7f {
			return nil, fmt.Errorf("%w: its name has a control character in it", ErrAddress)
		}
	}
	local, domain, _ := strings.Cut(a.Address, "@")
	switch {
	case len(a.Address) > maxAddress:
		return nil, fmt.Errorf("%w: it has more than %d bytes", ErrAddress, maxAddress)
	case local == "" || domain == "" || !plain(local) || !plain(domain):
		return nil, fmt.Errorf("%w: write a plain one such as %q, in ASCII", ErrAddress, "owner@example.com")
	}
	return a, nil
}

// plain reports whether s has only characters that need no quotes (RFC 5322,
// section 3.2.3).
func plain(s string) bool {
	for i := range len(s) {
		c := s[i]
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
		if !letter && strings.IndexByte(".!#$%&'*+-/=?^_`{|}~", c) < 0 {
			return false
		}
	}
	return true
}
