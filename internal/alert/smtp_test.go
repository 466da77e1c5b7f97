package alert

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
)

func aLetter() letter {
	return letter{id: "ID1", made: time.Date(2026, 11, 23, 9, 10, 0, 0, time.UTC), subject: "[Turnike] Özet: 2 uyarı", body: "Bir\nİki\n"}
}

func send(t *testing.T, c SMTP, to ...string) (delivery, error) {
	t.Helper()
	return c.send(t.Context(), aLetter(), to)
}

// wantError checks the key that mends a failure.
func wantError(t *testing.T, err error, key string, permanent bool) {
	t.Helper()
	e, ok := errors.AsType[*SendError](err)
	if !ok || e.Key != key || e.Permanent != permanent || e.Mend == "" {
		t.Errorf("%v: want %s, permanent %v", err, key, permanent)
	}
	if err != nil && strings.Contains(err.Error(), sinkPassword) {
		t.Errorf("I8: %v", err)
	}
}

// TestSEC60_Security: mails and passwords go over TLS or not at all.
func TestSEC60_Security(t *testing.T) {
	for _, test := range []struct {
		name              string
		security          Security
		offers, implicit  bool // what the server does
		insecureAuth      bool
		password, wantKey string
	}{
		{name: "starttls", security: StartTLS, offers: true, password: sinkPassword},
		{name: "implicit", security: Implicit, offers: true, implicit: true, password: sinkPassword},
		{name: "none, on this machine", security: Plain, insecureAuth: true, password: sinkPassword},
		{name: "no starttls", security: StartTLS, insecureAuth: true, password: sinkPassword, wantKey: "mail.tls"},
		{name: "implicit to a plain server", security: Implicit, password: sinkPassword, wantKey: "mail.tls"},
		{name: "wrong password", security: StartTLS, offers: true, password: "canary-wrong", wantKey: "mail.username, mail.password"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newSink(t)
			if test.offers {
				s.secure(t)
			}
			s.server.AllowInsecureAuth = test.insecureAuth
			s.listen(t, test.implicit)
			d, err := send(t, s.config(test.security).account(test.password), "owner@example.com", "second@example.com")
			if test.wantKey != "" {
				wantError(t, err, test.wantKey, false)
				if s.lines > 0 || len(s.got()) > 0 {
					t.Error("something was sent all the same")
				}
				return
			}
			if err != nil || len(d.accepted) != 2 || d.answer == "" || len(d.refused) > 0 {
				t.Fatalf("%+v, %v", d, err)
			}
			m := s.got()[0]
			if m.from != "turnike@example.com" || strings.Join(m.to, " ") != "owner@example.com second@example.com" {
				t.Errorf("%+v", m)
			}
		})
	}
}

// TestSEC60_UnknownAuthority: a certificate that nobody vouches for is no TLS.
func TestSEC60_UnknownAuthority(t *testing.T) {
	for _, implicit := range []bool{false, true} {
		s := newSink(t)
		s.secure(t)
		s.listen(t, implicit)
		s.roots = nil
		security := StartTLS
		if implicit {
			security = Implicit
		}
		_, err := send(t, s.config(security).account(sinkPassword), "owner@example.com")
		wantError(t, err, "mail.ca_file", false)
		if s.lines > 0 {
			t.Error("something was sent all the same")
		}
	}
}

// TestSendUnreachable: nobody listens; somebody else does.
func TestSendUnreachable(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := SMTP{Address: l.Addr().String(), Security: Plain, From: "t@example.com"}
	_ = l.Close()
	_, err = send(t, c, "owner@example.com")
	wantError(t, err, "mail.smtp", false)

	s := newSink(t)
	s.secure(t)
	s.listen(t, true) // begins with TLS, and so says no greeting
	short, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	_, err = s.config(StartTLS).send(short, aLetter(), []string{"owner@example.com"})
	wantError(t, err, "mail.smtp", false)
}

// TestSendRefused: 4xx is for now, 5xx for good; one recipient that is refused
// does not keep the mail from the others.
func TestSendRefused(t *testing.T) {
	later := &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 7, 1}, Message: "greylisted"}
	never := &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such user"}
	s := newSink(t)
	s.listen(t, false)
	only := func(who string, err error) func(string) error {
		return func(rcpt string) error {
			if rcpt == who {
				return err
			}
			return nil
		}
	}
	for _, test := range []struct {
		name      string
		fail      func(string) error
		data      error
		accepted  int
		key       string
		permanent bool
	}{
		{"one for good", only("a@example.com", never), nil, 1, "mail.to", true},
		{"one for now", only("a@example.com", later), nil, 1, "mail.to", false},
		{"content for good", nil, never, 0, "mail.smtp", true},
		{"content for now", nil, later, 0, "mail.smtp", false},
	} {
		s.set(func() {
			s.fail, s.data, s.mails = test.fail, func() error { return test.data }, nil
			if test.data == nil {
				s.data = nil
			}
		})
		d, err := send(t, s.config(Plain), "a@example.com", "b@example.com")
		if len(d.refused) == 1 {
			err = d.refused[0]
		}
		wantError(t, err, test.key, test.permanent)
		if len(d.accepted) != test.accepted || len(s.got()) != test.accepted {
			t.Errorf("%s: %+v", test.name, d)
		}
	}
}

// TestSEC60_Headers: whatever gets into a subject, the headers are ours; the
// subject is Q-encoded and the body arrives as it was.
func TestSEC60_Headers(t *testing.T) {
	s := newSink(t)
	s.listen(t, false)
	l := aLetter()
	for _, evil := range []string{"", "\r\nBcc: evil@example.com\r\n\r\nHello", "\nX-Evil: 1", "\rX-Evil: 1", "\x00", "=?utf-8?q?=0d=0aX-Evil:_1?="} {
		s.set(func() { s.mails = nil })
		l.subject = "[Turnike] Özet: 2 uyarı" + evil
		if _, err := s.config(Plain).send(t.Context(), l, []string{"owner@example.com"}); err != nil {
			t.Fatal(err)
		}
		m := s.got()[0].message(t)
		for name := range m.Header {
			if !strings.Contains(" Auto-Submitted Content-Transfer-Encoding Content-Type Date From Message-Id Mime-Version Subject To ", " "+name+" ") {
				t.Errorf("%q: the header %s is not ours", evil, name)
			}
		}
		if got := m.Header.Get("Subject"); evil == "" && !strings.HasPrefix(got, "=?UTF-8?q?") {
			t.Errorf("the subject is not Q-encoded: %s", got)
		}
		if s.got()[0].body(t) != l.body || m.Header.Get("Message-Id") != "<turnike.ID1@example.com>" || len(s.got()[0].to) != 1 {
			t.Errorf("%q:\n%s", evil, s.got()[0].raw)
		}
	}
}

// TestSEC60_Addresses: what could be read in two ways is no address.
func TestSEC60_Addresses(t *testing.T) {
	for _, good := range []string{"owner@example.com", "Turnike <turnike@example.com>", "a.b+c@x-y.example", "o@localhost"} {
		if _, err := ParseAddress(good); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	for _, bad := range []string{"", "owner", "@example.com", "a@", "a@b, c@d", "a@example.com\r\nBcc: x@example.com", "a\x00@example.com",
		"\"a b\"@example.com", "\"toni.tester@example.com> ORCPT=admin\"@example.com", "a@[127.0.0.1]", "ü@example.com", "a@exämple.com",
		"=?utf-8?q?a=0d=0aBcc:_x?= <a@example.com>", strings.Repeat("a", 250) + "@example.com", "a@b@c"} {
		if a, err := ParseAddress(bad); !errors.Is(err, ErrAddress) {
			t.Errorf("%q is taken for %v", bad, a)
		}
	}
}

// TestHelloIsBlamed: a server that does not like the name in EHLO, which Postfix
// says only at the first recipient, is answered with the key that mends it. The
// mail is kept: it is not the mail that was refused.
func TestHelloIsBlamed(t *testing.T) {
	s := newSink(t)
	s.server.AllowInsecureAuth = true
	s.listen(t, false)
	for _, test := range []struct {
		answer smtp.SMTPError
		key    string
	}{
		{smtp.SMTPError{Code: 504, Message: "<vm>: Helo command rejected: need fully-qualified hostname"}, "mail.hello"},
		{smtp.SMTPError{Code: 550, Message: "Access denied - Invalid HELO name (See RFC2821 4.1.1.1)"}, "mail.hello"},
		{smtp.SMTPError{Code: 450, Message: "<vm>: EHLO host not found"}, "mail.hello"},
		{smtp.SMTPError{Code: 550, Message: "no such user"}, "mail.to"},
	} {
		s.set(func() { s.fail = func(string) error { return &test.answer } })
		d, err := send(t, s.config(Plain), "owner@example.com")
		if err != nil || len(d.refused) != 1 {
			t.Fatalf("%+v, %v", d, err)
		}
		wantError(t, d.refused[0], test.key, test.key == "mail.to")
	}
}
