package alert

import (
	"io"
	netmail "net/mail"
	"strings"
	"time"

	"github.com/wneessen/go-mail"
)

// letter is one mail, ready to be sent.
type letter struct {
	id      string // stable: a server that gets it twice can tell
	made    time.Time
	subject string
	body    string
}

// write writes the mail as it goes over the wire. Everything but the body comes
// from us or from the configuration; the subject is Q-encoded where it is not
// ASCII (RFC 2047).
func (l letter) write(w io.Writer, from *netmail.Address, to []*netmail.Address) error {
	_, domain, _ := strings.Cut(from.Address, "@")
	m := mail.NewMsg(mail.WithNoDefaultUserAgent(), mail.WithCharset(mail.CharsetUTF8), mail.WithEncoding(mail.EncodingQP))
	m.FromMailAddress(from)
	m.ToMailAddress(to...)
	m.Subject(oneLine(l.subject))
	m.SetDateWithValue(l.made)
	m.SetMessageIDWithValue("turnike." + l.id + "@" + domain)
	m.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: no answers of machines
	m.SetBodyString(mail.TypeTextPlain, l.body)
	_, err := m.WriteTo(w)
	return err
}

// oneLine is the last guard before a header: whatever gets here, a header is a
// line [SEC-60].
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, s)
}
