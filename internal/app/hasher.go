package app

import (
	"fmt"

	"github.com/turnike/turnike/internal/account"
	"github.com/turnike/turnike/internal/config"
)

// NewHasher returns the configured password hasher.
func NewHasher(cfg config.Config) (*account.Hasher, error) {
	h, err := account.NewHasher(account.HasherConfig{Parameters: cfg.Password.Parameters(), Pepper: cfg.Password.Pepper})
	if err != nil {
		return nil, fmt.Errorf("password.*: %w", err)
	}
	return h, nil
}
