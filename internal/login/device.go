package login

import (
	"crypto/rand"
	"crypto/sha256"
	"strings"
	"unicode/utf8"

	"github.com/mileusna/useragent"
)

// Device identifies a browser over many logins. Value is a secret that only the
// browser keeps; the store has its hash [SEC-15].
type Device struct {
	Value string
	Hash  []byte // SHA-256 of Value
	Shown bool   // the client sent Value; otherwise it is new
}

// ReadDevice returns the device with the value that a client sent, or a new one
// when the value is not one of ours.
func ReadDevice(value string) Device {
	d := Device{Value: value, Shown: validDevice(value)}
	if !d.Shown {
		d.Value = rand.Text()
	}
	sum := sha256.Sum256([]byte(d.Value))
	d.Hash = sum[:]
	return d
}

// validDevice accepts what rand.Text returns: 26 characters of base32.
func validDevice(s string) bool {
	if len(s) != 26 {
		return false
	}
	for _, c := range s {
		if (c < 'A' || c > 'Z') && (c < '2' || c > '7') {
			return false
		}
	}
	return true
}

// deviceLabel returns the browser and the system that a User-Agent header names,
// such as "Firefox · Linux". People recognise a device by it; no rule looks at it.
func deviceLabel(userAgent string) string {
	ua := useragent.Parse(userAgent[:min(len(userAgent), 512)])
	var parts []string
	for _, s := range []string{ua.Name, ua.OS} {
		if s = printable(s); s != "" {
			parts = append(parts, s)
		}
	}
	return strings.Join(parts, " · ")
}

// printable removes control characters and cuts the text at 64 characters, so that
// it is safe in lists and logs [SEC-57].
func printable(s string) string {
	s = strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f || c == utf8.RuneError || (c >= 0x80 && c < 0xa0) {
			return -1
		}
		return c
	}, s)
	if runes := []rune(s); len(runes) > 64 {
		s = string(runes[:64])
	}
	return s
}
