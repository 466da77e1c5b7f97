package token

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// ErrInvalid says that a token is not ours, or not for this purpose. The error that
// wraps it says why, for debugging, and does not show the token.
var ErrInvalid = errors.New("invalid token")

// ErrExpired says that a genuine token is past its exp.
var ErrExpired = errors.New("expired token")

// ErrEarly says that iat or nbf of a genuine token is in the future, by our clock.
var ErrEarly = errors.New("token of the future")

// The values that mark a session token [SEC-25].
const (
	sessionType     = "JWT"
	sessionAudience = "turnike"
)

// DefaultCache is the most verified tokens that are remembered, each in about 500
// bytes.
const DefaultCache = 32768

// Config says what a Keyring signs and verifies with.
type Config struct {
	Instance string // id of this installation; the issuer is "turnike:" and it
	Active   Key    // signs, and verifies
	Others   []Key  // only verify: retired ones, and one that is published before it is used
	Cache    int    // the most verified tokens to remember; 0 for DefaultCache, negative for none
}

// Keyring issues and verifies session tokens. It may be used by several goroutines.
type Keyring struct {
	issuer string
	method jwt.SigningMethod // of all keys, now and later [SEC-20]
	size   int               // of a cache's generation
	ring   atomic.Pointer[ring]
}

// ring has the keys in use and the cache of what they verified. All of it is
// replaced together [SEC-23].
type ring struct {
	active  Key
	keys    map[string]Key // by kid, including the active one
	headers map[string]Key // by the header of the tokens that the key signs, in base64url
	order   []string       // the ids, the active one first
	cache   *cache
}

// New returns a Keyring.
func New(config Config) (*Keyring, error) {
	if config.Instance == "" {
		return nil, fmt.Errorf("%w: without the id of the installation", ErrKey)
	}
	if config.Active.method == nil {
		return nil, fmt.Errorf("%w: there is none to sign with", ErrKey)
	}
	size := config.Cache
	if size == 0 {
		size = DefaultCache
	}
	k := &Keyring{issuer: "turnike:" + config.Instance, method: config.Active.method, size: max(size, 0) / 2}
	if err := k.Use(config.Active, config.Others...); err != nil {
		return nil, err
	}
	return k, nil
}

// Use replaces the keys for every call that starts after it has returned. From then
// on a token of any other key is invalid, even if it was verified before [SEC-23].
// It refuses keys of another algorithm, which is configured and does not change
// while the server runs.
func (k *Keyring) Use(active Key, others ...Key) error {
	r := &ring{active: active, keys: map[string]Key{}, headers: map[string]Key{}, cache: newCache(k.size)}
	for _, key := range append([]Key{active}, others...) {
		if key.method != k.method {
			return fmt.Errorf("%w: %v is not of the algorithm %s", ErrKey, key, k.method.Alg())
		}
		if _, twice := r.keys[key.id]; twice {
			return fmt.Errorf("%w: %v is there twice", ErrKey, key)
		}
		header, err := k.envelope(key, nil).SigningString()
		if err != nil {
			return fmt.Errorf("%w: %v: %w", ErrKey, key, err)
		}
		header, _, _ = strings.Cut(header, ".")
		r.keys[key.id], r.headers[header] = key, key
		r.order = append(r.order, key.id)
	}
	k.ring.Store(r)
	return nil
}

// IDs returns the ids of the keys in use, the active one first.
func (k *Keyring) IDs() []string { return slices.Clone(k.ring.Load().order) }

// Algorithm returns the alg of all tokens: EdDSA or HS256.
func (k *Keyring) Algorithm() string { return k.method.Alg() }

// Issuer returns the iss of all tokens.
func (k *Keyring) Issuer() string { return k.issuer }

// Sign returns the token of a session. Times are truncated to whole seconds. It
// refuses claims that Verify would refuse.
func (k *Keyring) Sign(claims Claims) (string, error) {
	if claims.NotBefore.IsZero() {
		claims.NotBefore = claims.IssuedAt
	}
	claims.IssuedAt, claims.NotBefore, claims.ExpiresAt = whole(claims.IssuedAt), whole(claims.NotBefore), whole(claims.ExpiresAt)
	if !claims.complete() {
		return "", fmt.Errorf("sign: %w", invalid("a claim is missing or the times are out of order"))
	}
	r := k.ring.Load()
	raw, err := k.envelope(r.active, newWire(claims, k.issuer, sessionAudience)).SignedString(r.active.private)
	if err != nil {
		return "", fmt.Errorf("sign: %w", err)
	}
	if len(raw) > MaxLength {
		return "", fmt.Errorf("sign: %w", invalid("it has more than 4096 bytes"))
	}
	// The client will use it soon.
	r.cache.put(digestOf(raw), claims)
	return raw, nil
}

// envelope returns the unsigned token.
func (k *Keyring) envelope(key Key, payload jwt.Claims) *jwt.Token {
	token := jwt.NewWithClaims(k.method, payload)
	token.Header["typ"] = sessionType
	token.Header["kid"] = key.id
	return token
}

// Verify returns the claims of a token that is genuine and valid at now. It fails
// with ErrInvalid, or with ErrExpired or ErrEarly if the token is genuine and only
// its times are wrong. Then it returns the claims too, so that the caller can find
// out how the session ended, or that another clock is used [T1].
//
// The caller checks whether the session is live [SEC-26].
func (k *Keyring) Verify(raw string, now time.Time) (Claims, error) {
	if len(raw) > MaxLength || strings.Count(raw, ".") != 2 {
		return Claims{}, invalid("it is not three parts in at most 4096 bytes")
	}
	r, digest := k.ring.Load(), digestOf(raw)
	claims, cached := r.cache.get(digest)
	if !cached {
		var err error
		if claims, err = k.genuine(r, raw); err != nil {
			return Claims{}, err
		}
	}
	err := claims.at(now)
	switch {
	case errors.Is(err, ErrExpired) && cached:
		r.cache.forget(digest)
	case err == nil && !cached:
		r.cache.put(digest, claims)
	}
	return claims, err
}

// genuine verifies everything of a token but its times, with the keys of r. It uses
// the library only for the signature: the library's parser reads the header less
// strictly, and does not distinguish "expired" from "expired and otherwise wrong".
func (k *Keyring) genuine(r *ring, raw string) (Claims, error) {
	if !wellFormed(raw) {
		return Claims{}, invalid("it is not in the form of a JWT")
	}
	last := strings.LastIndexByte(raw, '.')
	signed := raw[:last]
	header, payload, _ := strings.Cut(signed, ".")
	key, err := k.signer(r, header)
	if err != nil {
		return Claims{}, err
	}
	signature, err := base64.RawURLEncoding.Strict().DecodeString(raw[last+1:])
	if err != nil || k.method.Verify(signed, signature, key.public) != nil {
		return Claims{}, invalid("its signature is bad")
	}
	var said wire
	data, err := base64.RawURLEncoding.Strict().DecodeString(payload)
	if err != nil || json.Unmarshal(data, &said) != nil {
		return Claims{}, invalid("its payload is bad") // the decoder's error can contain parts of it
	}
	claims := said.claims()
	switch {
	case said.Issuer != k.issuer:
		return Claims{}, invalid("it is issued by another installation")
	case said.Audience != sessionAudience:
		return Claims{}, invalid("it is for another purpose")
	case !claims.complete():
		return Claims{}, invalid("a claim is missing")
	}
	return claims, nil
}

// signer returns the key that a header names, the active one if it names none.
func (k *Keyring) signer(r *ring, segment string) (Key, error) {
	if key, usual := r.headers[segment]; usual {
		return key, nil
	}
	header, ok := parseHeader(segment)
	if !ok || header.alg != k.Algorithm() || header.typ != sessionType {
		return Key{}, invalid("its header is not one of ours")
	}
	if header.kid == "" {
		return r.active, nil
	}
	key, ok := r.keys[header.kid]
	if !ok {
		return Key{}, invalid("it is signed with an unknown key")
	}
	return key, nil
}

func invalid(why string) error { return fmt.Errorf("%w: %s", ErrInvalid, why) }
