package app

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/turnike/turnike/internal/config"
	"github.com/turnike/turnike/internal/server"
)

// healthTimeout bounds the whole request.
const healthTimeout = 3 * time.Second

// Ask requests a health route of the running server and returns an error unless the
// status is 200.
func (s RunningServer) Ask(ctx context.Context, data, route string) error {
	address, err := s.address()
	if err != nil {
		return err
	}
	cfg, err := config.Load(config.Sources{Data: data, Running: &s.Description}) // only the server's settings
	if err != nil {
		return err
	}
	trust, err := trustServer(cfg)
	if err != nil {
		return err
	}
	ctx, stop := context.WithTimeout(ctx, healthTimeout)
	defer stop()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address.JoinPath(route).String(), nil)
	if err != nil {
		return err
	}
	// No proxy and no redirect: the request must stay on this machine.
	transport := &http.Transport{TLSClientConfig: trust, DisableKeepAlives: true, DialContext: dialServer(cfg)}
	defer transport.CloseIdleConnections()
	res, err := transport.RoundTrip(req)
	if err != nil {
		return fmt.Errorf("the server does not answer: %w", err)
	}
	if err := discard(res.Body); err != nil {
		return fmt.Errorf("the server does not answer: %w", err)
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("the server is not healthy: status %d of /%s", res.StatusCode, route)
	}
	return nil
}

// discard reads a small body to its end and closes it.
func discard(body io.ReadCloser) error {
	_, err := io.Copy(io.Discard, io.LimitReader(body, 64<<10))
	return errors.Join(err, body.Close())
}

// dialServer returns a dialer that sends a PROXY header if the listener expects it.
func dialServer(cfg config.Config) func(ctx context.Context, network, address string) (net.Conn, error) {
	var d net.Dialer
	if !cfg.Server.ProxyProtocol {
		return d.DialContext
	}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := d.DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		header, err := server.LocalHeader()
		if err == nil {
			_, err = c.Write(header)
		}
		if err != nil {
			return nil, errors.Join(err, c.Close())
		}
		return c, nil
	}
}

// trustServer returns a configuration that accepts only the server's certificate: one
// from the local CA, or exactly the configured one, whatever names are on it.
func trustServer(cfg config.Config) (*tls.Config, error) {
	switch cfg.TLS.Mode {
	case config.TLSAuto:
		ca, err := os.ReadFile(filepath.Join(cfg.Data, "tls", "ca.pem"))
		if err != nil {
			return nil, fmt.Errorf("the local CA: %w", err)
		}
		roots := x509.NewCertPool()
		if !roots.AppendCertsFromPEM(ca) {
			return nil, errors.New("the local CA: tls/ca.pem has no certificate in it")
		}
		return &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}, nil
	case config.TLSFiles:
		own, err := tls.LoadX509KeyPair(cfg.TLS.CertFile, cfg.TLS.KeyFile)
		if err != nil {
			return nil, fmt.Errorf("tls.cert_file, tls.key_file: %w", err)
		}
		return only(own.Certificate[0], "tls.cert_file"), nil
	case config.TLSACME:
		own, err := acmeCertificate(cfg)
		if err != nil {
			return nil, fmt.Errorf("the certificate: %w", err)
		}
		return only(own, "the data directory"), nil
	}
	return nil, nil
}

// only returns a configuration that accepts exactly one certificate, whatever its
// names.
func only(own []byte, where string) *tls.Config {
	return &tls.Config{
		MinVersion:         tls.VersionTLS12,
		InsecureSkipVerify: true, // VerifyConnection compares with the very certificate instead
		VerifyConnection: func(state tls.ConnectionState) error {
			if !bytes.Equal(state.PeerCertificates[0].Raw, own) {
				return errors.New("the server has another certificate than " + where)
			}
			return nil
		},
	}
}
