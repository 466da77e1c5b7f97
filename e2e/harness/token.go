package harness

import (
	"crypto"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"strings"
	"testing"
)

// Token is a parsed JWT whose signature was not checked.
type Token struct {
	Header    map[string]any
	Claims    map[string]any
	Signed    string // the signed text
	Signature []byte
}

// ParseToken parses a compact JWT (RFC 7519).
func ParseToken(t testing.TB, token string) Token {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("a token of %d parts: %q", len(parts), token)
	}
	got := Token{Signed: parts[0] + "." + parts[1]}
	for i, into := range []*map[string]any{&got.Header, &got.Claims} {
		raw, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(raw, into); err != nil {
			t.Fatal(err)
		}
	}
	var err error
	if got.Signature, err = base64.RawURLEncoding.DecodeString(parts[2]); err != nil {
		t.Fatal(err)
	}
	return got
}

// With returns a copy with changed claims; a nil value removes one.
func (k Token) With(claims map[string]any) Token {
	k.Claims = overlay(k.Claims, claims)
	return k
}

// WithHeader returns a copy with changed header members.
func (k Token) WithHeader(header map[string]any) Token {
	k.Header = overlay(k.Header, header)
	return k
}

func overlay(base, over map[string]any) map[string]any {
	out := maps.Clone(base)
	for name, value := range over {
		if value == nil {
			delete(out, name)
		} else {
			out[name] = value
		}
	}
	return out
}

func (k Token) unsigned() string {
	return segment(k.Header) + "." + segment(k.Claims)
}

func segment(v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err) // decoded JSON always encodes
	}
	return base64.RawURLEncoding.EncodeToString(raw)
}

// SignHS256 signs with a shared secret.
func (k Token) SignHS256(secret []byte) string {
	u := k.unsigned()
	return u + "." + base64.RawURLEncoding.EncodeToString(HS256(secret, u))
}

// SignEdDSA signs with an Ed25519 key.
func (k Token) SignEdDSA(key ed25519.PrivateKey) string {
	u := k.unsigned()
	sig, err := key.Sign(nil, []byte(u), crypto.Hash(0))
	if err != nil {
		panic(err) // Ed25519 does not fail
	}
	return u + "." + base64.RawURLEncoding.EncodeToString(sig)
}

// Unsigned returns the token with an empty signature.
func (k Token) Unsigned() string { return k.unsigned() + "." }

// HS256 returns the signature of a text.
func HS256(secret []byte, text string) []byte {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(text))
	return mac.Sum(nil)
}

// Keys fetches the server's JWKS: the Ed25519 keys by their ids.
func (s *Server) Keys() map[string]ed25519.PublicKey {
	s.t.Helper()
	var set struct {
		Keys []map[string]string `json:"keys"`
	}
	s.Browser().Get("/.well-known/jwks.json").Want(200).Decode(&set)
	keys := map[string]ed25519.PublicKey{}
	for _, k := range set.Keys {
		if k["kty"] != "OKP" || k["crv"] != "Ed25519" || k["d"] != "" {
			s.t.Fatalf("JWKS: not a public Ed25519 key: %v", k)
		}
		x, err := base64.RawURLEncoding.DecodeString(k["x"])
		if err != nil || len(x) != ed25519.PublicKeySize {
			s.t.Fatalf("JWKS: bad x in %v", k)
		}
		keys[k["kid"]] = x
	}
	return keys
}
