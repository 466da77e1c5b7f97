package token

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
)

// jwk is a public key (RFC 7517) on the curve Ed25519 (RFC 8037).
type jwk struct {
	Type      string `json:"kty"`
	Curve     string `json:"crv"`
	Use       string `json:"use"`
	Algorithm string `json:"alg"`
	ID        string `json:"kid"`
	X         string `json:"x"`
}

// JWKS returns the key set with which applications verify tokens, the active key
// first. With HS256 the set is empty: a secret has no public part.
func (k *Keyring) JWKS() ([]byte, error) {
	set := struct {
		Keys []jwk `json:"keys"`
	}{Keys: []jwk{}}
	r := k.ring.Load()
	for _, id := range r.order {
		if key := r.keys[id]; key.point != nil {
			set.Keys = append(set.Keys, jwk{
				Type: "OKP", Curve: "Ed25519", Use: "sig", Algorithm: key.method.Alg(), ID: key.id,
				X: base64.RawURLEncoding.EncodeToString(key.point),
			})
		}
	}
	data, err := json.Marshal(set)
	if err != nil {
		return nil, fmt.Errorf("key set: %w", err)
	}
	return data, nil
}
