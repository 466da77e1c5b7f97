package token

import (
	"errors"
	"fmt"
	"strings"
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
	Retired  []Key  // verify only; of the algorithm of Active
	Cache    int    // verified tokens to remember at most; 0: DefaultCache, below 0: none
}

// Keyring issues and verifies session tokens. It is safe for use by several
// goroutines.
type Keyring struct {
	issuer string
	active Key
	keys   map[string]Key // by kid, the active one among them
	order  []string       // of the ids, as they were given
	parser *jwt.Parser
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
		active: config.Active,
		keys:   map[string]Key{},
		cache:  newCache(max(size, 0) / 2),
		// Of the claims the library would make one judgement; we have to tell
		// "expired" from "expired and otherwise bad", so they are judged here.
		parser: jwt.NewParser(
			jwt.WithValidMethods([]string{config.Active.method.Alg()}),
			jwt.WithStrictDecoding(),
			jwt.WithoutClaimsValidation(),
		),
	}
	for _, key := range append([]Key{config.Active}, config.Retired...) {
		if key.method != config.Active.method {
			return nil, fmt.Errorf("%w: %v is not of the algorithm of %v", ErrKey, key, config.Active)
		}
		if _, twice := k.keys[key.id]; twice {
			return nil, fmt.Errorf("%w: %v is there twice", ErrKey, key)
		}
		k.keys[key.id] = key
		k.order = append(k.order, key.id)
	}
	return k, nil
}

// Algorithm gives the alg of all tokens: EdDSA or HS256.
func (k *Keyring) Algorithm() string { return k.active.method.Alg() }

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
	token := jwt.NewWithClaims(k.active.method, newWire(claims, k.issuer, sessionAudience))
	token.Header["typ"] = sessionType
	token.Header["kid"] = k.active.id
	raw, err := token.SignedString(k.active.private)
	if err != nil {
		return "", fmt.Errorf("sign: %w", err)
	}
	if len(raw) > MaxLength {
		return "", fmt.Errorf("sign: %w", invalid("it has more than 4096 bytes"))
	}
	// Its first check will come in a moment.
	k.cache.put(digestOf(raw), claims)
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
	digest := digestOf(raw)
	claims, cached := k.cache.get(digest)
	if !cached {
		var err error
		if claims, err = k.genuine(raw); err != nil {
			return Claims{}, err
		}
	}
	err := claims.at(now)
	switch {
	case errors.Is(err, ErrExpired):
		if cached {
			k.cache.forget(digest)
		}
		return claims, err
	case err != nil:
		return Claims{}, err
	case !cached:
		k.cache.put(digest, claims)
	}
	return claims, nil
}

// genuine verifies everything about a token but its times.
func (k *Keyring) genuine(raw string) (Claims, error) {
	if !wellFormed(raw) {
		return Claims{}, invalid("it is not in the form of a JWT")
	}
	segment, _, _ := strings.Cut(raw, ".")
	header, ok := parseHeader(segment)
	if !ok || header.alg != k.Algorithm() || header.typ != sessionType {
		return Claims{}, invalid("its header is not one of ours")
	}
	key := k.active
	if header.kid != "" {
		if key, ok = k.keys[header.kid]; !ok {
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
