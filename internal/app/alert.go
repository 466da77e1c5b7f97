package app

import (
	"cmp"
	"context"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"time"

	"github.com/turnike/turnike/internal/alert"
	"github.com/turnike/turnike/internal/certificate"
	"github.com/turnike/turnike/internal/config"
	"github.com/turnike/turnike/internal/session"
)

// openAlerts returns the service that sends alerts, which continues where the last
// run stopped. It returns nil if mail.to is empty.
func openAlerts(ctx context.Context, cfg config.Config, store alert.Store, core *session.Core, certs *certificate.Source, log *slog.Logger) (*alert.Service, error) {
	if len(cfg.Mail.To) == 0 {
		return nil, nil
	}
	c, err := AlertConfig(cfg)
	if err != nil {
		return nil, err
	}
	c.Store, c.Log = store, log
	if certs != nil {
		c.Certificate = func() (string, time.Time) {
			host := machine()
			if names := certs.Names(); len(names) > 0 {
				host = names[0]
			}
			if u := cfg.PublicAddress(); u != nil {
				host = u.Hostname()
			}
			return host, certs.NotAfter()
		}
	}
	alerts, err := alert.New(ctx, c)
	if err == nil {
		core.WhenFull(alerts.Refused)
	}
	return alerts, err
}

// AlertConfig returns the settings of mails.
func AlertConfig(cfg config.Config) (alert.Config, error) {
	m := cfg.Mail
	roots, err := m.Roots()
	if err != nil {
		return alert.Config{}, err
	}
	return alert.Config{
		SMTP: alert.SMTP{Address: m.SMTP, Security: m.TLS, Username: m.Username, Password: m.Password, Roots: roots,
			From: m.From, Hello: mailHello(cfg)},
		To: m.To, Language: m.Language, URL: settingsURL(cfg), FailedLogins: m.FailedLogins,
	}, nil
}

// mailHello returns the name for EHLO. Mail servers expect a name that resolves, and
// the host name often does not.
func mailHello(cfg config.Config) string {
	if cfg.Mail.Hello != "" {
		return cfg.Mail.Hello
	}
	u := cfg.PublicAddress()
	if u == nil {
		return machine()
	}
	host := u.Hostname()
	if addr, err := netip.ParseAddr(host); err == nil {
		host = "[" + host + "]"
		if addr.Is6() {
			host = "[IPv6:" + addr.WithZone("").String() + "]"
		}
	}
	return host
}

// settingsURL returns the address of the server for readers of a mail.
func settingsURL(cfg config.Config) string {
	if cfg.Server.PublicURL != "" {
		return cfg.Server.PublicURL
	}
	scheme := "https"
	if cfg.TLS.Mode == config.TLSOff {
		scheme = "http"
	}
	host, port, err := net.SplitHostPort(cfg.Server.Listen)
	if err != nil { // validation has refused it before
		return scheme + "://" + machine()
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = machine()
	}
	return scheme + "://" + net.JoinHostPort(host, port)
}

// machine returns the name of this machine.
func machine() string {
	name, err := os.Hostname()
	if err != nil {
		return "localhost"
	}
	return cmp.Or(name, "localhost")
}
