package main

import (
	"crypto/tls"
	"fmt"
)

// checkCommand prints the effective configuration.
type checkCommand struct{ configFlags }

// Run prints the configuration as TOML, and advice on stderr. What would stop
// the server from starting is its error.
func (c *checkCommand) Run(a *app) error {
	cfg, err := a.config()
	if err != nil {
		return err
	}
	if cfg.TLS.Mode == TLSFiles {
		if _, err := tls.LoadX509KeyPair(cfg.TLS.CertFile, cfg.TLS.KeyFile); err != nil {
			return fmt.Errorf("tls.cert_file, tls.key_file: %w; name a certificate and its key, PEM", err)
		}
	}
	for _, advice := range cfg.Warnings {
		if _, err := fmt.Fprintf(a.stderr, "turnike: advice: %s\n", advice); err != nil {
			return err
		}
	}
	return printConfig(a.stdout, cfg)
}
