package harness

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"math/big"
	"net"
	netmail "net/mail"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// MailPassword is the password of the account turnike at a [Mailbox].
const MailPassword = "canary-mail-Parolası-2026"

// Mailbox is an SMTP server on a loopback port that requires STARTTLS and a password,
// and stores the mails.
type Mailbox struct {
	Addr   string
	CAFile string

	t      testing.TB
	server *smtp.Server
	mu     sync.Mutex // guards mails
	mails  []*netmail.Message
	came   chan struct{}
}

// NewMailbox starts a Mailbox; it is closed when the test ends.
func NewMailbox(t testing.TB) *Mailbox {
	t.Helper()
	m := &Mailbox{t: t, came: make(chan struct{}, 100)}
	m.server = smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &delivery{box: m}, nil }))
	m.server.Domain, m.server.ErrorLog = "mailbox.example.com", log.New(io.Discard, "", 0)
	m.certify()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m.Addr = l.Addr().String()
	done := make(chan struct{})
	go func() { defer close(done); _ = m.server.Serve(l) }() // returns after Close
	t.Cleanup(func() { m.Close(); <-done })
	return m
}

// certify creates the mailbox's certificate.
func (m *Mailbox) certify() {
	m.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		m.t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		m.t.Fatal(err)
	}
	m.CAFile = filepath.Join(m.t.TempDir(), "mail-ca.pem")
	if err := os.WriteFile(m.CAFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		m.t.Fatal(err)
	}
	m.server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, MinVersion: tls.VersionTLS12}
}

// Close stops the server: it no longer answers.
func (m *Mailbox) Close() { _ = m.server.Close() } // a second call returns an error

// Options returns the options that make a server send its alerts to this mailbox.
func (m *Mailbox) Options() []Option {
	m.t.Helper()
	file := filepath.Join(m.t.TempDir(), "mail-password")
	if err := os.WriteFile(file, []byte(MailPassword+"\n"), 0o600); err != nil {
		m.t.Fatal(err)
	}
	return []Option{Set("mail.to", "owner@example.com"), Set("mail.from", "turnike@example.com"), Set("mail.smtp", m.Addr),
		Set("mail.username", "turnike"), Env("TURNIKE_MAIL_PASSWORD_FILE=" + file), Set("mail.ca_file", m.CAFile)}
}

// Next waits for mail number n, counted from 1.
func (m *Mailbox) Next(n int) *netmail.Message {
	m.t.Helper()
	deadline := time.After(30 * time.Second)
	for {
		if got := m.all(); len(got) >= n {
			return got[n-1]
		}
		select {
		case <-m.came:
		case <-deadline:
			m.t.Fatalf("mail %d did not come", n)
		}
	}
}

// Count returns the number of mails so far.
func (m *Mailbox) Count() int { return len(m.all()) }

func (m *Mailbox) all() []*netmail.Message {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]*netmail.Message(nil), m.mails...)
}

// delivery is one connection to a mailbox.
type delivery struct {
	box *Mailbox
	in  bool // the password was right
}

func (d *delivery) AuthMechanisms() []string { return []string{sasl.Plain} }

func (d *delivery) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, username, password string) error {
		if username != "turnike" || password != MailPassword {
			return errors.New("wrong")
		}
		d.in = true
		return nil
	}), nil
}

func (d *delivery) Mail(string, *smtp.MailOptions) error {
	if !d.in {
		return smtp.ErrAuthRequired
	}
	return nil
}

func (d *delivery) Rcpt(to string, _ *smtp.RcptOptions) error {
	if to != "owner@example.com" {
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such user"}
	}
	return nil
}

func (d *delivery) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	m, err := netmail.ReadMessage(strings.NewReader(string(raw)))
	if err != nil {
		return err
	}
	d.box.mu.Lock()
	d.box.mails = append(d.box.mails, m)
	d.box.mu.Unlock()
	select {
	case d.box.came <- struct{}{}:
	default:
	}
	return nil
}

func (d *delivery) Reset()        {}
func (d *delivery) Logout() error { return nil }
