package alert

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"math/big"
	"mime"
	"mime/quotedprintable"
	"net"
	netmail "net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"github.com/turnike/turnike/internal/secret"
)

// sink is a real SMTP server that keeps what it is given.
type sink struct {
	server *smtp.Server
	addr   string
	roots  *x509.CertPool

	mu    sync.Mutex // guards what follows
	mails []received
	conns int                     // that got as far as EHLO
	lines int                     // MAIL commands
	fail  func(rcpt string) error // asked at RCPT
	data  func() error            // asked after DATA
}

// received is a mail as it arrived.
type received struct {
	from string
	to   []string
	raw  string
	at   time.Time
}

func (r received) message(t testing.TB) *netmail.Message {
	t.Helper()
	m, err := netmail.ReadMessage(strings.NewReader(r.raw))
	if err != nil {
		t.Fatalf("%v\n%s", err, r.raw)
	}
	return m
}

func (r received) subject(t testing.TB) string {
	t.Helper()
	s, err := new(mime.WordDecoder).DecodeHeader(r.message(t).Header.Get("Subject"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (r received) body(t testing.TB) string {
	t.Helper()
	b, err := io.ReadAll(quotedprintable.NewReader(r.message(t).Body))
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(string(b), "\r\n", "\n")
}

const (
	sinkUser     = "turnike"
	sinkPassword = "canary-mail-password"
)

// sinkSession is one connection to the sink.
type sinkSession struct {
	sink *sink
	mail received
}

func (s *sinkSession) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *sinkSession) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, username, password string) error {
		if username != sinkUser || password != sinkPassword {
			return errors.New("who are you?")
		}
		return nil
	}), nil
}

func (s *sinkSession) Mail(from string, _ *smtp.MailOptions) error {
	s.sink.mu.Lock()
	defer s.sink.mu.Unlock()
	s.sink.lines++
	s.mail = received{from: from}
	return nil
}

func (s *sinkSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.sink.mu.Lock()
	fail := s.sink.fail
	s.sink.mu.Unlock()
	if fail != nil {
		if err := fail(to); err != nil {
			return err
		}
	}
	s.mail.to = append(s.mail.to, to)
	return nil
}

func (s *sinkSession) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.sink.mu.Lock()
	defer s.sink.mu.Unlock()
	if s.sink.data != nil {
		if err := s.sink.data(); err != nil {
			return err
		}
	}
	s.mail.raw, s.mail.at = string(bytes.Clone(raw)), time.Now()
	s.sink.mails = append(s.sink.mails, s.mail)
	return nil
}

func (s *sinkSession) Reset()        { s.mail = received{} }
func (s *sinkSession) Logout() error { return nil }

// newSink makes a sink that does not listen yet.
func newSink(t testing.TB) *sink {
	t.Helper()
	s := &sink{}
	s.renew()
	return s
}

// renew makes a server: one that was closed serves no more.
func (s *sink) renew() {
	old := s.server
	s.server = smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) {
		s.mu.Lock()
		s.conns++
		s.mu.Unlock()
		return &sinkSession{sink: s}, nil
	}))
	s.server.Domain = "sink.example.com"
	s.server.ErrorLog = nothing{}
	if old != nil {
		s.server.TLSConfig, s.server.AllowInsecureAuth = old.TLSConfig, old.AllowInsecureAuth
	}
}

// nothing is a log that nobody reads.
type nothing struct{}

func (nothing) Printf(string, ...any) {}
func (nothing) Println(...any)        {}

// listen serves on a loopback port; with implicit TLS where it is asked for.
func (s *sink) listen(t testing.TB, implicit bool) {
	t.Helper()
	address := s.addr
	if address == "" {
		address = "127.0.0.1:0"
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	s.addr = l.Addr().String()
	if implicit {
		l = tls.NewListener(l, s.server.TLSConfig)
	}
	server, done := s.server, make(chan struct{})
	go func() { defer close(done); _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Close(); <-done })
}

// secure gives the sink a certificate for 127.0.0.1.
func (s *sink) secure(t testing.TB) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	s.roots = x509.NewCertPool()
	s.roots.AddCert(leaf)
	s.server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, MinVersion: tls.VersionTLS12}
}

// got are the mails so far.
func (s *sink) got() []received {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]received(nil), s.mails...)
}

func (s *sink) set(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
}

// config sends to the sink.
func (s *sink) config(security Security) SMTP {
	return SMTP{Address: s.addr, Security: security, Roots: s.roots, From: "Turnike <turnike@example.com>", Hello: "app.example.com"}
}

// login adds the right account, or one with another password.
func (s SMTP) account(password string) SMTP {
	s.Username, s.Password = sinkUser, secret.New(password)
	return s
}

// piped serves over pipes, for time that is not real.
func (s *sink) piped(t testing.TB) func(context.Context, string) (net.Conn, error) {
	t.Helper()
	l := &pipes{conns: make(chan net.Conn), done: make(chan struct{})}
	finished := make(chan struct{})
	server := s.server
	go func() { defer close(finished); _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Close(); <-finished })
	return func(ctx context.Context, _ string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		select {
		case l.conns <- theirs:
			return ours, nil
		case <-l.done:
			return nil, errors.New("connection refused")
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// pipes is a listener of pipes.
type pipes struct {
	conns chan net.Conn
	once  sync.Once
	done  chan struct{}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { p.once.Do(func() { close(p.done) }); return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 25} }
