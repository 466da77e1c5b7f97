package config

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"unicode"

	"github.com/turnike/turnike/internal/alert"
	"github.com/turnike/turnike/internal/input"
)

// mailbox checks a mail address, with or without a name [SEC-60].
func mailbox(s string) (string, error) {
	if _, err := alert.ParseAddress(s); err != nil {
		return "", fmt.Errorf("%s is %w", input.Quote(s), err)
	}
	return s, nil
}

// smtpAddress checks the host and port of a mail server.
func smtpAddress(s string) (string, error) {
	host, port, err := net.SplitHostPort(s)
	if n, e := strconv.ParseUint(port, 10, 16); err != nil || e != nil || n == 0 || host == "" || strings.ContainsAny(host, " /@\t\r\n\x00") {
		return "", fmt.Errorf(`%s is not host:port: write one such as "smtp.example.com:587"`, input.Quote(s))
	}
	return s, nil
}

// helloName checks the name that a client gives in EHLO: a domain name or an
// address literal (RFC 5321, section 4.1.3).
func helloName(s string) (string, error) {
	inner, isLiteral := strings.CutPrefix(s, "[")
	if isLiteral {
		inner, isLiteral = strings.CutSuffix(inner, "]")
		_, err := netip.ParseAddr(strings.TrimPrefix(inner, "IPv6:"))
		isLiteral = isLiteral && err == nil
	}
	strange := func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '.'
	}
	if !isLiteral && (len(s) > 253 || strings.ContainsFunc(s, strange) || strings.Trim(s, "-.") != s) {
		return "", fmt.Errorf(`%s is not a host name: write one such as "turnike.example.com" or "[192.0.2.1]"`, input.Quote(s))
	}
	return s, nil
}

// accountName checks that a text has no control characters.
func accountName(s string) (string, error) {
	if strings.ContainsFunc(s, unicode.IsControl) {
		return "", fmt.Errorf("%s has a control character in it: remove it", input.Quote(s))
	}
	return s, nil
}

func mailPassword(s string) error {
	if strings.ContainsAny(s, "\r\n\x00") {
		return errors.New("it has a line end or a NUL in it: write it on one line")
	}
	return nil
}

// validate returns an error if no mail could be sent, or only unencrypted.
func (m Mail) validate() error {
	host, _, _ := net.SplitHostPort(m.SMTP) // it is one, or empty
	switch {
	case len(m.To) > 0 && m.SMTP == "":
		return errors.New("mail.smtp: mail.to is set and there is no server to send by; name it, host:port, or remove mail.to")
	case len(m.To) > 0 && m.From == "":
		return errors.New("mail.from: mail.to is set and the mails have no sender; name one, or remove mail.to")
	case m.TLS == alert.Plain && m.SMTP != "" && !loopbackHost(host):
		return fmt.Errorf(`mail.tls: "none" would send mails in the clear to %s; use "starttls" or "implicit"`, host)
	case m.TLS == alert.Plain && m.CAFile != "":
		return errors.New(`mail.ca_file: it is not used while mail.tls is "none"; use "starttls" or "implicit", or remove it`)
	case m.Username != "" && !m.Password.IsSet():
		return errors.New("mail.password: mail.username is set and there is no password; set it, or remove mail.username")
	}
	_, err := m.Roots()
	return err
}

// Roots returns the certificates in mail.ca_file; nil means those of the system.
func (m Mail) Roots() (*x509.CertPool, error) {
	if m.CAFile == "" {
		return nil, nil
	}
	raw, err := os.ReadFile(m.CAFile)
	if err != nil {
		return nil, fmt.Errorf("mail.ca_file: %w; name a readable file", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(raw) {
		return nil, fmt.Errorf("mail.ca_file: %s has no certificate in it; name a PEM file", m.CAFile)
	}
	return roots, nil
}

// adviseMail warns if the port usually goes with another mail.tls.
func (c *Config) adviseMail() {
	_, port, _ := net.SplitHostPort(c.Mail.SMTP) // it is one, or empty
	switch {
	case port == "465" && c.Mail.TLS == alert.StartTLS:
		c.Warn(`mail.tls: port 465 mostly begins with TLS; set it to "implicit" if no mail arrives`)
	case (port == "587" || port == "25") && c.Mail.TLS == alert.Implicit:
		c.Warn(`mail.tls: port %s mostly begins without TLS; set it to "starttls" if no mail arrives`, port)
	}
}
