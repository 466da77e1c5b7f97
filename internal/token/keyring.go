package token

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// ErrInvalid is for a token that is not ours, or not for this purpose, or not
// yet valid. The error that wraps it says why, for a debugger's eyes, and does
// not show the token.
var ErrInvalid = errors.New("invalid token")

// ErrExpired is for a token that was good until its exp.
var ErrExpired = errors.New("expired token")

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
	parser *jwt.Parser
	size   int // of a cache's generation
	ring   atomic.Pointer[ring]
}

// ring is the keys in use. They change together, and with them goes the cache:
// what a key has verified is forgotten with it [SEC-23].
type ring struct {
	active Key
	keys   map[string]Key // by kid, the active one among them
	order  []string       // of the ids, the active one first
	cache  *cache
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
	k := &Keyring{
		issuer: "turnike:" + config.Instance,
		method: config.Active.method,
		size:   max(size, 0) / 2,
		// Of the claims the library would make one judgement; we have to tell
		// "expired" from "expired and otherwise bad", so they are judged here.
		parser: jwt.NewParser(
			jwt.WithValidMethods([]string{config.Active.method.Alg()}),
			jwt.WithStrictDecoding(),
			jwt.WithoutClaimsValidation(),
		),
	}
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
	r := &ring{active: active, keys: map[string]Key{}, cache: newCache(k.size)}
	for _, key := range append([]Key{active}, others...) {
		if key.method != k.method {
			return fmt.Errorf("%w: %v is not of the algorithm %s", ErrKey, key, k.method.Alg())
		}
		if _, twice := r.keys[key.id]; twice {
			return fmt.Errorf("%w: %v is there twice", ErrKey, key)
		}
		r.keys[key.id] = key
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
	token := jwt.NewWithClaims(k.method, newWire(claims, k.issuer, sessionAudience))
	token.Header["typ"] = sessionType
	token.Header["kid"] = r.active.id
	raw, err := token.SignedString(r.active.private)
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

// Verify gives the claims of a token that is genuine and valid at now. It
// fails with ErrInvalid, or with ErrExpired and the claims when the token is
// genuine and only its time is over, so that the caller can find out how its
// session ended.
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
	case errors.Is(err, ErrExpired):
		if cached {
			r.cache.forget(digest)
		}
		return claims, err
	case err != nil:
		return Claims{}, err
	case !cached:
		r.cache.put(digest, claims)
	}
	return claims, nil
}

// genuine verifies everything about a token but its times, with the keys of r.
func (k *Keyring) genuine(r *ring, raw string) (Claims, error) {
	if !wellFormed(raw) {
		return Claims{}, invalid("it is not in the form of a JWT")
	}
	segment, _, _ := strings.Cut(raw, ".")
	header, ok := parseHeader(segment)
	if !ok || header.alg != k.Algorithm() || header.typ != sessionType {
		return Claims{}, invalid("its header is not one of ours")
	}
	key := r.active
	if header.kid != "" {
		if key, ok = r.keys[header.kid]; !ok {
			return Claims{}, invalid("it is signed with an unknown key")
		}
	}
	var payload wire
	if _, err := k.parser.ParseWithClaims(raw, &payload, func(*jwt.Token) (any, error) { return key.public, nil }); err != nil {
		// The library's errors can hold parts of the token.
		return Claims{}, invalid("its signature or its payload is bad")
	}
	claims := payload.claims()
	switch {
	case payload.Issuer != k.issuer:
		return Claims{}, invalid("it is issued by another installation")
	case payload.Audience != sessionAudience:
		return Claims{}, invalid("it is for another purpose")
	case !claims.complete():
		return Claims{}, invalid("a claim is missing")
	}
	return claims, nil
}

func invalid(why string) error { return fmt.Errorf("%w: %s", ErrInvalid, why) }
