package token

import (
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"

	"github.com/golang-jwt/jwt/v5"

	"github.com/turnike/turnike/internal/secret"
)

// ErrKey says that a key cannot sign tokens.
var ErrKey = errors.New("unusable token key")

// Key signs and verifies tokens. NewEd25519Key and NewSecretKey create one.
type Key struct {
	id      string // kid
	method  jwt.SigningMethod
	private any               // with which the library signs
	public  any               // with which the library verifies
	point   ed25519.PublicKey // nil for a secret
}

// NewEd25519Key returns a key for EdDSA (RFC 8037). Its id is the thumbprint of the
// public key (RFC 7638).
func NewEd25519Key(private ed25519.PrivateKey) (Key, error) {
	if len(private) != ed25519.PrivateKeySize {
		return Key{}, fmt.Errorf("%w: an Ed25519 key has %d bytes, not %d", ErrKey, ed25519.PrivateKeySize, len(private))
	}
	point := ed25519.PublicKey(private[ed25519.PrivateKeySize-ed25519.PublicKeySize:])
	// The required members in lexical order, without spaces (RFC 7638, section 3).
	thumbprint := sha256.Sum256([]byte(`{"crv":"Ed25519","kty":"OKP","x":"` + base64.RawURLEncoding.EncodeToString(point) + `"}`))
	return Key{
		id:      base64.RawURLEncoding.EncodeToString(thumbprint[:]),
		method:  jwt.SigningMethodEdDSA,
		private: private,
		public:  point,
		point:   point,
	}, nil
}

// NewSecretKey returns a key for HS256 from the operator's JWT_SECRET_KEY. It
// refuses one that can be guessed, with an error that wraps ErrSecret [SEC-12].
func NewSecretKey(s secret.Secret) (Key, error) {
	if err := checkSecret(s.Reveal()); err != nil {
		return Key{}, err
	}
	key := []byte(s.Reveal())
	// The id identifies the secret and reveals no more about it than a token does.
	id, err := hkdf.Key(sha256.New, key, nil, "turnike key id", 9)
	if err != nil {
		return Key{}, fmt.Errorf("%w: %w", ErrKey, err)
	}
	return Key{
		id:      base64.RawURLEncoding.EncodeToString(id),
		method:  jwt.SigningMethodHS256,
		private: key,
		public:  key,
	}, nil
}

// ID returns the key's id, the kid of its tokens.
func (k Key) ID() string { return k.id }

// String returns the key's id and algorithm, and never its secret.
func (k Key) String() string {
	if k.method == nil {
		return "no key"
	}
	return k.method.Alg() + " " + k.id
}

// GoString implements fmt.GoStringer with String.
func (k Key) GoString() string { return k.String() }
