package alert

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	netmail "net/mail"
	"net/textproto"
	"strings"
	"time"

	"github.com/wneessen/go-mail/smtp"

	"github.com/turnike/turnike/internal/secret"
)

// Security is how the connection to the SMTP server is protected.
type Security string

// The values of Security.
const (
	StartTLS Security = "starttls" // required: without it nothing is sent
	Implicit Security = "implicit"
	Plain    Security = "none" // the configuration allows it on this machine only
)

// sendPatience bounds one delivery, from dialling to the server's answer.
const sendPatience = 30 * time.Second

// SMTP is the mail server.
type SMTP struct {
	Address  string // host:port
	Security Security
	Username string // "" for no authentication
	Password secret.Secret
	Roots    *x509.CertPool // nil for the system's
	From     string
	Hello    string // the name of this machine

	dial func(ctx context.Context, address string) (net.Conn, error) // set by tests
}

// SendError says why a delivery failed, and which key fixes it.
type SendError struct {
	Key       string // of the configuration
	Mend      string // what to do
	Permanent bool   // the server has refused this mail permanently
	Err       error
}

func (e *SendError) Error() string { return fmt.Sprintf("%s: %v; %s", e.Key, e.Err, e.Mend) }

// Unwrap implements errors.Unwrap.
func (e *SendError) Unwrap() error { return e.Err }

// delivery is the outcome for one mail.
type delivery struct {
	accepted []string // recipients for which the server accepted it
	answer   string   // the server's answer
	refused  []*SendError
}

// permanent reports whether every refusal was permanent.
func (d delivery) permanent() bool {
	for _, e := range d.refused {
		if !e.Permanent {
			return false
		}
	}
	return len(d.refused) > 0
}

// send delivers a mail to recipients. The error is a *SendError: no recipient got
// the mail. If only some were refused, the delivery says which.
func (s SMTP) send(ctx context.Context, l letter, to []string) (delivery, error) {
	ctx, cancel := context.WithTimeout(ctx, sendPatience)
	defer cancel()
	from, all, err := s.addresses(to)
	if err != nil {
		return delivery{}, err
	}
	conn, err := s.connect(ctx)
	if err != nil {
		return delivery{}, err
	}
	defer func() { _ = conn.Close() }() // closed already after QUIT
	defer context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })()
	c, err := s.greet(conn)
	if err != nil {
		return delivery{}, err
	}
	d, err := transact(c, l, from, all)
	if err == nil {
		_ = c.Quit() // the server has the mail, whatever it answers now
	}
	return d, err
}

func (s SMTP) addresses(to []string) (*netmail.Address, []*netmail.Address, error) {
	from, err := ParseAddress(s.From)
	if err != nil {
		return nil, nil, &SendError{Key: "mail.from", Mend: "name the sender", Permanent: true, Err: err}
	}
	var all []*netmail.Address
	for _, address := range to {
		a, err := ParseAddress(address)
		if err != nil {
			return nil, nil, &SendError{Key: "mail.to", Mend: "name the recipients", Permanent: true, Err: err}
		}
		all = append(all, a)
	}
	return from, all, nil
}

// connect dials and, with implicit TLS, starts the handshake.
func (s SMTP) connect(ctx context.Context) (net.Conn, error) {
	dial := s.dial
	if dial == nil {
		dial = func(ctx context.Context, address string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "tcp", address)
		}
	}
	conn, err := dial(ctx, s.Address)
	if err != nil {
		return nil, &SendError{Key: "mail.smtp", Mend: "name a server that this machine reaches, host:port", Err: err}
	}
	if s.Security != Implicit {
		return conn, nil
	}
	secured := tls.Client(conn, s.tls())
	if err := secured.HandshakeContext(ctx); err != nil {
		_ = conn.Close() // nothing was sent yet
		return nil, s.insecure(err)
	}
	return secured, nil
}

// greet does what comes before a mail: greeting, STARTTLS, authentication. If
// the TLS that the configuration requires fails, it sends nothing further.
func (s SMTP) greet(conn net.Conn) (*smtp.Client, error) {
	odd := func(err error) error {
		return &SendError{Key: "mail.smtp", Mend: `name an SMTP server; one that begins with TLS, as on port 465, needs mail.tls = "implicit"`, Err: err}
	}
	host, _, err := net.SplitHostPort(s.Address)
	if err != nil {
		return nil, odd(err)
	}
	c, err := smtp.NewClient(conn, host)
	if err != nil {
		return nil, odd(err)
	}
	c.SkipSMTPUTF8(true) // all addresses are ASCII
	if s.Hello != "" {
		if err := c.Hello(s.Hello); err != nil {
			if blamesHello(err) {
				return nil, refusal("mail.smtp", "", err)
			}
			return nil, odd(err)
		}
	}
	if s.Security == StartTLS {
		if offered, _ := c.Extension("STARTTLS"); !offered {
			return nil, &SendError{Key: "mail.tls", Err: errors.New("the server offers no STARTTLS, and nothing was sent"),
				Mend: `use a server that does, or "implicit" with a port that begins with TLS, as 465`}
		}
		if err := c.StartTLS(s.tls()); err != nil {
			return nil, s.insecure(err)
		}
	}
	if s.Username == "" {
		return c, nil
	}
	if err := c.Auth(s.login(host)); err != nil {
		return nil, &SendError{Key: "mail.username, mail.password", Err: fmt.Errorf("the server does not let us in: %w", err),
			Mend: "give those of an account that may send"}
	}
	return c, nil
}

func (s SMTP) tls() *tls.Config {
	host, _, _ := net.SplitHostPort(s.Address) // the configuration refuses an address without a port
	return &tls.Config{ServerName: host, RootCAs: s.Roots, MinVersion: tls.VersionTLS12}
}

func (s SMTP) insecure(err error) error {
	if cause, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return &SendError{Key: "mail.ca_file", Mend: "name the authority's certificate, PEM, or in mail.smtp the name that is on the server's", Err: cause}
	}
	return &SendError{Key: "mail.tls", Mend: `"starttls" is for ports 587 and 25, "implicit" for 465`, Err: err}
}

// transact sends the mail. If the server refuses one recipient, the others still
// get it.
func transact(c *smtp.Client, l letter, from *netmail.Address, to []*netmail.Address) (delivery, error) {
	var d delivery
	if err := c.Mail("<" + from.Address + ">"); err != nil {
		return d, refusal("mail.from", "use a sender that the server takes mails from", err)
	}
	var taken []string
	for _, a := range to {
		if err := c.Rcpt("<" + a.Address + ">"); err != nil {
			d.refused = append(d.refused, refusal("mail.to", "correct or remove "+a.Address, err))
			if !answered(err) {
				return delivery{}, d.refused[len(d.refused)-1]
			}
			continue
		}
		taken = append(taken, a.Address)
	}
	if len(taken) == 0 {
		return d, nil
	}
	content := "see what the server says"
	w, err := c.Data()
	if err != nil {
		return delivery{}, refusal("mail.smtp", content, err)
	}
	if err := errors.Join(l.write(w, from, to), w.Close()); err != nil {
		return delivery{}, refusal("mail.smtp", content, err)
	}
	if r, ok := w.(interface{ ServerResponse() string }); ok {
		d.answer = r.ServerResponse()
	}
	d.accepted = taken
	return d, nil
}

// blamesHello reports whether a server's answer blames the name in EHLO. Servers
// answer so at EHLO or as late as at the first recipient, with various codes.
func blamesHello(err error) bool {
	answer, ok := errors.AsType[*textproto.Error](err)
	if !ok || answer.Code < 400 {
		return false
	}
	text := strings.ToLower(answer.Msg)
	return strings.Contains(text, "helo") || strings.Contains(text, "ehlo")
}

// refusal turns an answer to a command into a SendError. 5xx is permanent
// (RFC 5321, section 4.2.1), unless it blames the name in EHLO: that is no fault of
// the mail, and the operator can change the name.
func refusal(key, mend string, err error) *SendError {
	if blamesHello(err) {
		return &SendError{Key: "mail.hello", Mend: "give a host name that resolves to the address that this server sends from", Err: err}
	}
	e := &SendError{Key: key, Mend: mend, Err: err}
	if answer, ok := errors.AsType[*textproto.Error](err); ok {
		e.Permanent = answer.Code >= 500
		if !e.Permanent {
			e.Mend = "nothing, if it lasts not long"
		}
	} else if errors.Is(err, io.EOF) {
		e.Err = errors.New("the server hung up")
	}
	return e
}

// answered reports whether the error is an answer of the server, and not a
// failure of the connection.
func answered(err error) bool {
	_, ok := errors.AsType[*textproto.Error](err)
	return ok
}
