package main

import (
	"os"

	"github.com/turnike/turnike/internal/secret"
	"github.com/turnike/turnike/internal/sqlstore"
	"github.com/turnike/turnike/internal/token"
	"github.com/turnike/turnike/internal/token/keyfile"
)

// openKeyring gives the keys of the installation: the configured secret, or the
// own key in the data directory, which is made when it is first asked for.
func openKeyring(cfg Config, store *sqlstore.Store) (*token.Keyring, error) {
	key, err := activeKey(cfg)
	if err != nil {
		return nil, err
	}
	return token.New(token.Config{Instance: store.Instance(), Active: key})
}

func activeKey(cfg Config) (token.Key, error) {
	if cfg.Token.Secret.IsSet() {
		return token.NewSecretKey(cfg.Token.Secret)
	}
	root, err := os.OpenRoot(cfg.Data)
	if err != nil {
		return token.Key{}, err
	}
	defer root.Close()
	private, _, err := keyfile.Open(root)
	if err != nil {
		return token.Key{}, err
	}
	return token.NewEd25519Key(private)
}

// tokenSecret refuses a secret that can be guessed [SEC-12].
func tokenSecret(s string) error {
	_, err := token.NewSecretKey(secret.New(s))
	return err
}
