package app

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"

	"github.com/turnike/turnike/internal/certificate"
	"github.com/turnike/turnike/internal/config"
)

// acmeDir is the subdirectory of the data directory for certificates from a CA on
// the network, with their keys and the account's key.
const acmeDir = "acme"

// acmeSource returns the source of the certificate for server.public_url.
func acmeSource(cfg config.Config, log *slog.Logger) (*certificate.Source, error) {
	from, err := authority(cfg)
	if err != nil {
		return nil, err
	}
	return certificate.ACME(filepath.Join(cfg.Data, acmeDir), cfg.PublicAddress().Hostname(), from, log)
}

// acmeCertificate returns the certificate that was obtained last.
func acmeCertificate(cfg config.Config) ([]byte, error) {
	from, err := authority(cfg)
	if err != nil {
		return nil, err
	}
	return certificate.StoredACME(filepath.Join(cfg.Data, acmeDir), cfg.PublicAddress().Hostname(), from)
}

func authority(cfg config.Config) (certificate.Authority, error) {
	from := certificate.Authority{Directory: cfg.TLS.ACMEDirectory, Email: cfg.TLS.ACMEEmail, HTTPListen: cfg.TLS.ACMEHTTPListen}
	_, port, err := net.SplitHostPort(cfg.Server.Listen)
	if err != nil {
		return from, err
	}
	if from.TLSPort, err = strconv.Atoi(port); err != nil {
		return from, err
	}
	if cfg.TLS.ACMECAFile != "" {
		data, err := os.ReadFile(cfg.TLS.ACMECAFile)
		if err != nil {
			return from, fmt.Errorf("tls.acme_ca_file: %w", err)
		}
		if from.Roots = x509.NewCertPool(); !from.Roots.AppendCertsFromPEM(data) {
			return from, fmt.Errorf("tls.acme_ca_file: %w", errors.New(cfg.TLS.ACMECAFile+" has no certificate in it; name a PEM file"))
		}
	}
	return from, nil
}

// openCertificates creates or reads the certificate. It returns nil if TLS is off.
func openCertificates(cfg config.Config, log *slog.Logger) (*certificate.Source, *tls.Config, error) {
	if cfg.TLS.Mode == config.TLSOff {
		return nil, nil, nil
	}
	failed := func(err error) { log.Error("the certificate was not renewed; the old one is kept", "error", err) }
	var source *certificate.Source
	var err error
	switch cfg.TLS.Mode {
	case config.TLSFiles:
		source, err = certificate.Files(cfg.TLS.CertFile, cfg.TLS.KeyFile, failed)
	case config.TLSACME:
		source, err = acmeSource(cfg, log)
	default:
		hosts := certificate.Hosts()
		if u := cfg.PublicAddress(); u != nil {
			hosts = certificate.Hosts(u.Hostname())
		}
		source, err = certificate.Local(filepath.Join(cfg.Data, "tls"), hosts, failed)
	}
	if err != nil {
		return nil, nil, err
	}
	return source, source.Config(), nil
}
