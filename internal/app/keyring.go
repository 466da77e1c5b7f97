package app

import (
	"os"
	"time"

	"github.com/turnike/turnike/internal/config"
	"github.com/turnike/turnike/internal/secret"
	"github.com/turnike/turnike/internal/token"
	"github.com/turnike/turnike/internal/token/keyfile"
)

// OpenKeyring returns the keys that sign and verify tokens: the configured secrets,
// or the keys in the data directory, which the first call creates.
func OpenKeyring(cfg config.Config, instance string) (*token.Keyring, error) {
	keys, err := readKeys(cfg, time.Now())
	if err != nil {
		return nil, err
	}
	return token.New(token.Config{Instance: instance, Active: keys[0], Others: keys[1:]})
}

// readKeys returns the keys that are valid at now. The first one signs.
func readKeys(cfg config.Config, now time.Time) ([]token.Key, error) {
	if cfg.Token.Secret.IsSet() {
		return secretKeys(cfg.Token)
	}
	root, err := os.OpenRoot(cfg.Data)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	stored, _, err := keyfile.Open(root)
	if err != nil {
		return nil, err
	}
	active, others := keyfile.At(stored, now)
	var keys []token.Key
	for _, k := range append([]keyfile.Key{active}, others...) {
		key, err := token.NewEd25519Key(k.Private)
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	return keys, nil
}

func secretKeys(cfg config.Token) ([]token.Key, error) {
	var keys []token.Key
	for _, s := range []secret.Secret{cfg.Secret, cfg.SecretPrevious} {
		if !s.IsSet() {
			continue
		}
		key, err := token.NewSecretKey(s)
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	return keys, nil
}
