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

// ErrInvalid is for a token that is not ours, or not for this purpose. The error that wraps it says why, for a debugger's eyes, and does
// not show the token.
var ErrInvalid = errors.New("invalid token")

// ErrExpired is for a token that was good until its exp.
var ErrExpired = errors.New("expired token")

// ErrEarly is for a token that will be good from its iat and nbf on, by whatever
// clock they were written.
var ErrEarly = errors.New("token of the future")

// What says that a token is one of a session [SEC-25].
const (
	sessionType     = "JWT"
	sessionAudience = "turnike"
)

// DefaultCache is how many verified tokens are remembered at most; one takes
// about 500 bytes.
const DefaultCache = 32768

// Config says what a Keyring signs and verifies with.
type Config struct {
	Instance string // id of this installation; the issuer is "turnike:" and it
	Active   Key    // signs, and verifies
	Others   []Key  // verify only: retired ones, and one that is published ahead of its use
	Cache    int    // verified tokens to remember at most; 0: DefaultCache, below 0: none
}

// Keyring issues and verifies session tokens. It is safe for use by several
// goroutines.
type Keyring struct {
	issuer string
	method jwt.SigningMethod // of all keys, now and later [SEC-20]
	size   int               // of a cache's generation
	ring   atomic.Pointer[ring]
}

// ring is the keys in use. They change together, and with them goes the cache:
// what a key has verified is forgotten with it [SEC-23].
type ring struct {
	active  Key
	keys    map[string]Key // by kid, the active one among them
	headers map[string]Key // by the whole header of the tokens that it signs, in base64url
	order   []string       // of the ids, the active one first
	cache   *cache
}

// New makes a Keyring.
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

// Use puts other keys in the place of those in use, for every call that begins
// when it has returned. A token of a key that is not among them is bad from then
// on, also one that was verified before [SEC-23]. Keys of another algorithm are
// refused: it is the configuration's, and does not change while serving.
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

// IDs gives the ids of the keys in use, that of the active one first.
func (k *Keyring) IDs() []string { return slices.Clone(k.ring.Load().order) }

// Algorithm gives the alg of all tokens: EdDSA or HS256.
func (k *Keyring) Algorithm() string { return k.method.Alg() }

// Issuer gives the iss of all tokens.
func (k *Keyring) Issuer() string { return k.issuer }

// Sign makes the token of a session. Times are cut to whole seconds. It fails
// for claims that Verify would refuse.
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
	// Its first check will come in a moment.
	r.cache.put(digestOf(raw), claims)
	return raw, nil
}

// envelope makes the token that a key is to sign.
func (k *Keyring) envelope(key Key, payload jwt.Claims) *jwt.Token {
	token := jwt.NewWithClaims(k.method, payload)
	token.Header["typ"] = sessionType
	token.Header["kid"] = key.id
	return token
}

// Verify gives the claims of a token that is genuine and valid at now. It
// fails with ErrInvalid, or with ErrExpired or ErrEarly and the claims when the
// token is genuine and only its time is over or has not come: how its session
// ended, or that it lives by another clock, is the caller's to find out [T1].
//
// Whether the session is live is the caller's to ask [SEC-26].
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

// genuine verifies everything about a token but its times, with the keys of r.
// The library's parser would read the header again, loosely, and make of the
// claims one judgement; we have to tell "expired" from "expired and otherwise
// bad". So of the library it takes the judgement of the signature.
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
		return Claims{}, invalid("its payload is bad") // the decoder's error can hold parts of it
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

// signer finds the key that a header names; without a name it is the active one.
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
