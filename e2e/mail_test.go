package e2e

import (
	"io"
	"mime"
	"mime/quotedprintable"
	netmail "net/mail"
	"strings"
	"testing"

	"github.com/turnike/turnike/e2e/harness"
)

// subject returns the decoded subject of a mail.
func subject(t *testing.T, m *netmail.Message) string {
	t.Helper()
	s, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// text returns the decoded body of a mail.
func text(t *testing.T, m *netmail.Message) string {
	t.Helper()
	b, err := io.ReadAll(quotedprintable.NewReader(m.Body))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestMail_PoolFull: when a pool fills up, its owner gets one mail, in Turkish, over
// TLS; it is not sent again after the server was killed.
func TestMail_PoolFull(t *testing.T) {
	t.Parallel()
	box := harness.NewMailbox(t)
	s := harness.Start(t, append(box.Options(), harness.Set("seat.limit", "1"), harness.Set("server.public_url", "https://app.example.com"))...)
	s.Socket(s.Login("ali")).Register()
	m := box.Next(1)
	body := text(t, m)
	if got := subject(t, m); got != "[Turnike] default: tüm yerler dolu" || !strings.HasPrefix(m.Header.Get("Subject"), "=?UTF-8?q?") {
		t.Errorf("subject %q, %q", got, m.Header.Get("Subject"))
	}
	if !strings.HasPrefix(body, "default havuzundaki 1 yerin tümü saat ") || !strings.Contains(body, "Ayarlar: https://app.example.com") {
		t.Errorf("body:\n%s", body)
	}
	if m.Header.Get("To") != "<owner@example.com>" || m.Header.Get("From") != "<turnike@example.com>" || m.Header.Get("Message-Id") == "" {
		t.Errorf("%v", m.Header)
	}
	harness.Eventually(t, "the note that it was sent", func() bool { return len(s.Logged("mail sent")) == 1 })
	s.Must("pool", "set", "default", "--limit", "1") // so that there is something to read
	s.Kill()
	s.Run()
	s.Must("mail", "test")
	if got := subject(t, box.Next(2)); got != "[Turnike] Test e-postası" {
		t.Errorf("the next mail is %q", got)
	}
}

// TestMail_Test: the command prints the mail server's answer, and how to fix a refusal.
func TestMail_Test(t *testing.T) {
	t.Parallel()
	box := harness.NewMailbox(t)
	s := harness.New(t, append(box.Options(), harness.Set("mail.language", "en"))...)
	r := s.CLI("mail", "test")
	if r.Code != 0 || !strings.Contains(r.Out, box.Addr+" has taken the mail for owner@example.com: ") || r.Errout != "" {
		t.Fatalf("%+v", r)
	}
	if m := box.Next(1); subject(t, m) != "[Turnike] Test email" || !strings.HasPrefix(text(t, m), "Alerts will be sent to this address.") {
		t.Errorf("%v", m.Header)
	}
	for mend, options := range map[string][]harness.Option{
		"mail.username, mail.password: ": {harness.Set("mail.username", "nobody")},
		"mail.ca_file: ":                 {harness.Set("mail.ca_file", harness.NewMailbox(t).CAFile)},
		"mail.tls: ":                     {harness.Set("mail.tls", "implicit")},
		"mail.to: ":                      {harness.Set("mail.to", "nobody@example.com")},
	} {
		r := harness.New(t, append(box.Options(), options...)...).CLI("mail", "test")
		if line := r.Line(t); r.Code != 1 || !strings.Contains(line, mend) || strings.Contains(r.Errout+r.Out, harness.MailPassword) {
			t.Errorf("%s: %+v", mend, r)
		}
	}
	box.Close()
	if r := s.CLI("mail", "test"); r.Code != 1 || !strings.Contains(r.Line(t), "mail.smtp: ") {
		t.Errorf("%+v", r)
	}
	if n := box.Count(); n != 1 {
		t.Errorf("%d mails", n)
	}
	if r := harness.New(t).CLI("mail", "test"); r.Code != 1 || !strings.Contains(r.Line(t), "mail.to: ") {
		t.Errorf("%+v", r)
	}
}

// TestSEC60_GuessedNames: guessed user names are never in a mail header. Many failed
// logins are reported once, even if the server restarts in between.
func TestSEC60_GuessedNames(t *testing.T) {
	t.Parallel()
	box := harness.NewMailbox(t)
	s := harness.Start(t, append(box.Options(), harness.Set("mail.failed_logins", "6"), harness.Set("mail.language", "en"))...)
	for range 4 {
		s.Browser().TryLogin("ali", wrong).Want(401)
	}
	for _, name := range []string{"x\r\nBcc: evil@example.com", "ali\r\nSubject: evil", "\x00"} {
		s.Browser().TryLogin(name, wrong)
	}
	s.Restart() // the failures of this minute are logged
	m := box.Next(1)
	if got, body := subject(t, m), text(t, m); got != "[Turnike] Many failed logins" || !strings.Contains(body, "Most targeted account: ali.") || strings.Contains(body, "evil") {
		t.Errorf("%s\n%s", got, body)
	}
	for name := range m.Header {
		if name == "Bcc" || len(m.Header[name]) != 1 {
			t.Errorf("%s: %q", name, m.Header[name])
		}
	}
	s.Restart()
	s.Must("mail", "test")
	if got := subject(t, box.Next(2)); got != "[Turnike] Test email" {
		t.Errorf("the next mail is %q", got)
	}
}
