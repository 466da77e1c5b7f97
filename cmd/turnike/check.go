package main

import (
	"context"
	"crypto/tls"
	"fmt"

	"github.com/turnike/turnike/internal/app"
	"github.com/turnike/turnike/internal/config"
	"github.com/turnike/turnike/internal/store"
)

// checkCommand prints the effective configuration.
type checkCommand struct{ configFlags }

// Run prints the configuration as TOML and the warnings on stderr. Its error is what
// would keep the server from starting.
func (c *checkCommand) Run(ctx context.Context, inv *invocation) error {
	cfg, err := inv.config()
	if err != nil {
		return err
	}
	if cfg.TLS.Mode == config.TLSFiles {
		if _, err := tls.LoadX509KeyPair(cfg.TLS.CertFile, cfg.TLS.KeyFile); err != nil {
			return fmt.Errorf("tls.cert_file, tls.key_file: %w; name a certificate and its key, PEM", err)
		}
	}
	limit, err := inv.limitInForce(ctx, cfg)
	if err != nil {
		return err
	}
	if limit != "" {
		cfg.Warn("seat.limit: %s", limit)
	}
	for _, advice := range cfg.Warnings {
		if _, err := fmt.Fprintf(inv.stderr, "turnike: advice: %s\n", advice); err != nil {
			return err
		}
	}
	return config.Print(inv.stdout, cfg)
}

// limitInForce returns a sentence if the database has another limit than the
// configuration.
func (inv *invocation) limitInForce(ctx context.Context, cfg config.Config) (text string, err error) {
	if app.NoDatabase(inv.data) {
		return "", nil
	}
	w, err := inv.open(ctx)
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
