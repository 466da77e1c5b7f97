package main

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
	"github.com/turnike/turnike/internal/session"
)

// openAlerts makes what mails are sent by, from where the last run stopped; nil
// while nobody is to be alerted.
func openAlerts(ctx context.Context, cfg Config, store alert.Store, core *session.Core, certs *certificate.Source, log *slog.Logger) (*alert.Service, error) {
	if len(cfg.Mail.To) == 0 {
		return nil, nil
	}
	c, err := alertConfig(cfg)
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
			if u := publicAddress(cfg); u != nil {
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

// alertConfig is what the configuration says of mails.
func alertConfig(cfg Config) (alert.Config, error) {
	m := cfg.Mail
	roots, err := m.roots()
	if err != nil {
		return alert.Config{}, err
	}
	return alert.Config{
		SMTP: alert.SMTP{Address: m.SMTP, Security: m.TLS, Username: m.Username, Password: m.Password, Roots: roots,
			From: m.From, Hello: mailHello(cfg)},
		To: m.To, Language: m.Language, URL: settingsURL(cfg), FailedLogins: m.FailedLogins,
	}, nil
}

// mailHello is the name for EHLO. Mail servers ask for one that resolves, which
// the host's own name often does not.
func mailHello(cfg Config) string {
	if cfg.Mail.Hello != "" {
		return cfg.Mail.Hello
	}
	u := publicAddress(cfg)
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

// settingsURL is where the reader of a mail finds the server.
func settingsURL(cfg Config) string {
	if cfg.Server.PublicURL != "" {
		return cfg.Server.PublicURL
	}
	scheme := "https"
	if cfg.TLS.Mode == TLSOff {
		scheme = "http"
	}
	host, port, err := net.SplitHostPort(cfg.Server.Listen)
	if err != nil { // the configuration has refused it before
		return scheme + "://" + machine()
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = machine()
	}
	return scheme + "://" + net.JoinHostPort(host, port)
}

// machine is the name of this machine.
func machine() string {
	name, err := os.Hostname()
	if err != nil {
		return "localhost"
	}
	return cmp.Or(name, "localhost")
}
