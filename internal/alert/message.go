package alert

import (
	"io"
	netmail "net/mail"
	"strings"
	"time"

	"github.com/wneessen/go-mail"
)

// letter is a mail that is ready to be sent.
type letter struct {
	id      string // the same at each try, so that the receiver recognises a repetition
	made    time.Time
	subject string
	body    string
}

// write writes the mail as it is transmitted. Everything but the body is our own
// text or from the configuration. A subject that is not ASCII is Q-encoded
// (RFC 2047).
func (l letter) write(w io.Writer, from *netmail.Address, to []*netmail.Address) error {
	_, domain, _ := strings.Cut(from.Address, "@")
	m := mail.NewMsg(mail.WithNoDefaultUserAgent(), mail.WithCharset(mail.CharsetUTF8), mail.WithEncoding(mail.EncodingQP))
	m.FromMailAddress(from)
	m.ToMailAddress(to...)
	m.Subject(oneLine(l.subject))
	m.SetDateWithValue(l.made)
	m.SetMessageIDWithValue("turnike." + l.id + "@" + domain)
	m.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: no automatic answers
	m.SetBodyString(mail.TypeTextPlain, l.body)
	_, err := m.WriteTo(w)
	return err
}

// oneLine makes sure that a header is one line, whatever its content [SEC-60].
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, s)
}
