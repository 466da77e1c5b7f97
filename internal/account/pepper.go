package account

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"

	"github.com/turnike/turnike/internal/secret"
)

// ErrPepper says that a pepper is too short, or that a hash was made with another
// pepper than the configured one.
var ErrPepper = errors.New("unusable password pepper")

// minPepper is the least length of a pepper in bytes.
const minPepper = 16

// pepper is a secret that is part of every hash and is stored elsewhere, so that
// passwords cannot be cracked with a copy of the database alone [SEC-01]. A hash
// names its pepper (keyid), so a pepper can be introduced later: older hashes stay
// valid and are replaced at the next login.
type pepper struct {
	key []byte // nil for none
	id  string // "" for none
}

func newPepper(s secret.Secret) (pepper, error) {
	if !s.IsSet() {
		return pepper{}, nil
	}
	key := []byte(s.Reveal())
	if len(key) < minPepper {
		return pepper{}, fmt.Errorf("%w: it has %d bytes, at least %d are needed", ErrPepper, len(key), minPepper)
	}
	p := pepper{key: key}
	// Six bytes of an HMAC identify the pepper and reveal nothing about it.
	p.id = base64.RawStdEncoding.EncodeToString(p.mac("name of the pepper")[:6])
	return p, nil
}

// apply returns what is hashed instead of the password.
func (p pepper) apply(password string) []byte {
	if p.key == nil {
		return []byte(password)
	}
	return p.mac("password\x00" + password)
}

func (p pepper) mac(text string) []byte {
	mac := hmac.New(sha256.New, p.key)
	mac.Write([]byte(text))
	return mac.Sum(nil)
}
