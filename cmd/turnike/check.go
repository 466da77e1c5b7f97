package main

import (
	"context"
	"crypto/tls"
	"fmt"

	"github.com/turnike/turnike/internal/store"
)

// checkCommand prints the effective configuration.
type checkCommand struct{ configFlags }

// Run prints the configuration as TOML, and advice on stderr. What would stop
// the server from starting is its error.
func (c *checkCommand) Run(ctx context.Context, a *app) error {
	cfg, err := a.config()
	if err != nil {
		return err
	}
	if cfg.TLS.Mode == TLSFiles {
		if _, err := tls.LoadX509KeyPair(cfg.TLS.CertFile, cfg.TLS.KeyFile); err != nil {
			return fmt.Errorf("tls.cert_file, tls.key_file: %w; name a certificate and its key, PEM", err)
		}
	}
	limit, err := a.limitInForce(ctx, cfg)
	if err != nil {
		return err
	}
	if limit != "" {
		cfg.warn("seat.limit: %s", limit)
	}
	for _, advice := range cfg.Warnings {
		if _, err := fmt.Fprintf(a.stderr, "turnike: advice: %s\n", advice); err != nil {
			return err
		}
	}
	return printConfig(a.stdout, cfg)
}

// limitInForce says how the limit in the database differs from the configured
// one, if there is a database.
func (a *app) limitInForce(ctx context.Context, cfg Config) (text string, err error) {
	if noDatabase(a.data) {
		return "", nil
	}
	w, err := a.open(ctx)
	if err != nil {
		return "", err
	}
	defer w.close(&err)
	pool, err := w.store.PoolByName(ctx, store.DefaultPool)
	if err != nil {
		return "", err
	}
	return limitDiffers(cfg, pool), nil
}
