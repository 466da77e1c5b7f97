package token_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/turnike/turnike/internal/secret"
	"github.com/turnike/turnike/internal/token"
)

// start is when the tokens of these tests are issued.
var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

const goodSecret = "q8ZVx2nD7rTfK1mWbY5hLs0pJc9eGaUo"

func claims() token.Claims {
	return token.Claims{
		ID: "jti-1", Session: "sid-1", Subject: "user-1", Username: "Ayşe <b>", Role: "user", Pool: "default",
		IssuedAt: start, NotBefore: start, ExpiresAt: start.Add(24 * time.Hour),
	}
}

// private gives an Ed25519 key that depends on seed only.
func private(seed byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed([]byte(strings.Repeat(string(rune(seed)), ed25519.SeedSize)))
}

func ed25519Key(t testing.TB, seed byte) token.Key {
	t.Helper()
	key, err := token.NewEd25519Key(private(seed))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func secretKey(t testing.TB, s string) token.Key {
	t.Helper()
	key, err := token.NewSecretKey(secret.New(s))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// ring gives a Keyring of a key without a cache, so that each check is a whole
// one.
func ring(t testing.TB, active token.Key, retired ...token.Key) *token.Keyring {
	t.Helper()
	k, err := token.New(token.Config{Instance: "test", Active: active, Others: retired, Cache: -1})
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// sign makes a token of k's.
func sign(t testing.TB, k *token.Keyring, c token.Claims) string {
	t.Helper()
	raw, err := k.Sign(c)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestSignVerify(t *testing.T) {
	for name, key := range map[string]token.Key{"EdDSA": ed25519Key(t, 'a'), "HS256": secretKey(t, goodSecret)} {
		t.Run(name, func(t *testing.T) {
			k := ring(t, key)
			if k.Algorithm() != name {
				t.Errorf("Algorithm = %s", k.Algorithm())
			}
			raw := sign(t, k, claims())
			got, err := k.Verify(raw, start.Add(time.Minute))
			if err != nil || got != claims() {
				t.Errorf("Verify = %+v, %v", got, err)
			}
			// A process that did not sign it agrees.
			got, err = ring(t, key).Verify(raw, start.Add(time.Minute))
			if err != nil || got != claims() {
				t.Errorf("elsewhere: %+v, %v", got, err)
			}
		})
	}
}

// TestWire holds the token to the contract, member by member.
func TestWire(t *testing.T) {
	key := ed25519Key(t, 'a')
	parts := strings.Split(sign(t, ring(t, key), claims()), ".")
	for i, want := range []map[string]any{
		{"alg": "EdDSA", "typ": "JWT", "kid": key.ID()},
		{"iss": "turnike:test", "aud": "turnike", "sub": "user-1", "username": "Ayşe <b>", "sid": "sid-1", "jti": "jti-1", "role": "user",
			"pool": "default", "iat": float64(start.Unix()), "nbf": float64(start.Unix()), "exp": float64(start.Unix() + 86400)},
	} {
		data, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil {
			t.Fatal(err)
		}
		var got map[string]any
		if err := json.Unmarshal(data, &got); err != nil {
			t.Fatal(err)
		}
		for name, value := range want {
			if got[name] != value {
				t.Errorf("%s = %v, want %v", name, got[name], value)
			}
		}
		if len(got) != len(want) {
			t.Errorf("members: %v", got)
		}
	}
}

func TestWholeSeconds(t *testing.T) {
	c := claims()
	c.IssuedAt, c.NotBefore, c.ExpiresAt = c.IssuedAt.Add(999*time.Millisecond), time.Time{}, c.ExpiresAt.Add(999*time.Millisecond)
	k := ring(t, ed25519Key(t, 'a'))
	if got, err := k.Verify(sign(t, k, c), start); err != nil || got != claims() {
		t.Errorf("Verify = %+v, %v", got, err)
	}
}

func TestSignRefuses(t *testing.T) {
	k := ring(t, ed25519Key(t, 'a'))
	for name, change := range map[string]func(*token.Claims){
		"no jti":     func(c *token.Claims) { c.ID = "" },
		"no sid":     func(c *token.Claims) { c.Session = "" },
		"no sub":     func(c *token.Claims) { c.Subject = "" },
		"no iat":     func(c *token.Claims) { c.IssuedAt, c.NotBefore = time.Time{}, time.Time{} },
		"no exp":     func(c *token.Claims) { c.ExpiresAt = time.Time{} },
		"exp is iat": func(c *token.Claims) { c.ExpiresAt = c.IssuedAt },
		"too long":   func(c *token.Claims) { c.Pool = strings.Repeat("p", token.MaxLength) },
	} {
		c := claims()
		change(&c)
		if raw, err := k.Sign(c); !errors.Is(err, token.ErrInvalid) || raw != "" {
			t.Errorf("%s: %q, %v", name, raw, err)
		}
	}
}

// TestSEC24_Times has the edges of iat, nbf (leeway 30 s) and exp (none).
func TestSEC24_Times(t *testing.T) {
	expiry := start.Add(24 * time.Hour)
	for _, cached := range []bool{false, true} {
		cache := -1
		if cached {
			cache = 0
		}
		k, err := token.New(token.Config{Instance: "test", Active: ed25519Key(t, 'a'), Cache: cache})
		if err != nil {
			t.Fatal(err)
		}
		raw := sign(t, k, claims())
		later := claims()
		later.NotBefore = start.Add(time.Hour)
		notYet := sign(t, k, later)
		for _, test := range []struct {
			name string
			raw  string
			now  time.Time
			want error
		}{
			{"issued", raw, start, nil},
			{"our clock is 30 s behind", raw, start.Add(-30 * time.Second), nil},
			{"our clock is more behind", raw, start.Add(-30*time.Second - 1), token.ErrEarly},
			{"five minutes behind", raw, start.Add(-5 * time.Minute), token.ErrEarly},
			{"before nbf", notYet, start.Add(time.Hour - 30*time.Second - 1), token.ErrEarly},
			{"at nbf less 30 s", notYet, start.Add(time.Hour - 30*time.Second), nil},
			{"just before exp", raw, expiry.Add(-1), nil},
			{"at exp", raw, expiry, token.ErrExpired},
			{"long after exp", raw, expiry.Add(1000 * time.Hour), token.ErrExpired},
			{"time goes back", raw, start, nil},
		} {
			got, err := k.Verify(test.raw, test.now)
			if !errors.Is(err, test.want) {
				t.Errorf("cached %v, %s: %v, want %v", cached, test.name, err, test.want)
			}
			if got.Session != "sid-1" { // the caller has to find out more
				t.Errorf("cached %v, %s: claims %+v", cached, test.name, got)
			}
		}
	}
}

func TestRetiredKeys(t *testing.T) {
	a, b := ed25519Key(t, 'a'), ed25519Key(t, 'b')
	raw := sign(t, ring(t, a), claims())
	if _, err := ring(t, b, a).Verify(raw, start); err != nil {
		t.Errorf("with the retired key: %v", err)
	}
	if _, err := ring(t, b).Verify(raw, start); !errors.Is(err, token.ErrInvalid) {
		t.Errorf("without it: %v", err)
	}
	if _, err := ring(t, a).Verify(sign(t, ring(t, b, a), claims()), start); !errors.Is(err, token.ErrInvalid) {
		t.Error("the retired key signs")
	}
}

// TestSEC23_Use: keys change under those who sign and verify. A token of a key
// that went is bad from the next call on, although it is remembered as good.
func TestSEC23_Use(t *testing.T) {
	a, b := ed25519Key(t, 'a'), ed25519Key(t, 'b')
	k, err := token.New(token.Config{Instance: "test", Active: a})
	if err != nil {
		t.Fatal(err)
	}
	old := sign(t, k, claims()) // in the cache
	if err := k.Use(b, a); err != nil {
		t.Fatal(err)
	}
	fresh := sign(t, k, claims())
	for name, raw := range map[string]string{"old": old, "new": fresh} {
		if _, err := k.Verify(raw, start); err != nil {
			t.Errorf("rotated, %s token: %v", name, err)
		}
	}
	if ids := k.IDs(); len(ids) != 2 || ids[0] != b.ID() || ids[1] != a.ID() {
		t.Errorf("keys %v", ids)
	}
	if err := k.Use(b); err != nil {
		t.Fatal(err)
	}
	if _, err := k.Verify(old, start); !errors.Is(err, token.ErrInvalid) {
		t.Errorf("revoked: %v", err)
	}
	if _, err := k.Verify(fresh, start); err != nil {
		t.Errorf("the new key's token: %v", err)
	}
	if err := k.Use(secretKey(t, goodSecret)); !errors.Is(err, token.ErrKey) {
		t.Errorf("another algorithm: %v", err)
	}
	if _, err := k.Verify(fresh, start); err != nil {
		t.Errorf("after a refusal: %v", err)
	}
}

// TestSEC23_UseUnderLoad: while keys go round and round, no good token is ever
// refused.
func TestSEC23_UseUnderLoad(t *testing.T) {
	keys := []token.Key{ed25519Key(t, 'a'), ed25519Key(t, 'b'), ed25519Key(t, 'c')}
	k, err := token.New(token.Config{Instance: "test", Active: keys[0], Others: keys[1:]})
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for range 300 {
				raw, err := k.Sign(claims())
				if err == nil {
					_, err = k.Verify(raw, start)
				}
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for i := range 300 {
		if err := k.Use(keys[i%3], keys[(i+1)%3], keys[(i+2)%3]); err != nil {
			t.Fatal(err)
		}
	}
	group.Wait()
}

func TestNewRefuses(t *testing.T) {
	a := ed25519Key(t, 'a')
	for name, config := range map[string]token.Config{
		"no instance":    {Active: a},
		"no key":         {Instance: "test"},
		"two algorithms": {Instance: "test", Active: a, Others: []token.Key{secretKey(t, goodSecret)}},
		"a key twice":    {Instance: "test", Active: a, Others: []token.Key{a}},
		"an empty key":   {Instance: "test", Active: a, Others: []token.Key{{}}},
	} {
		if _, err := token.New(config); !errors.Is(err, token.ErrKey) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := token.NewEd25519Key(nil); !errors.Is(err, token.ErrKey) {
		t.Errorf("no Ed25519 key: %v", err)
	}
}

func TestJWKS(t *testing.T) {
	a, b := ed25519Key(t, 'a'), ed25519Key(t, 'b')
	data, err := ring(t, a, b).JWKS()
	if err != nil {
		t.Fatal(err)
	}
	var set struct{ Keys []map[string]string }
	if err := json.Unmarshal(data, &set); err != nil || len(set.Keys) != 2 {
		t.Fatalf("%s: %v", data, err)
	}
	first := set.Keys[0]
	if first["kid"] != a.ID() || first["kty"] != "OKP" || first["crv"] != "Ed25519" || first["alg"] != "EdDSA" || first["use"] != "sig" || len(first) != 6 {
		t.Errorf("%v", first)
	}
	// What an application does with the set.
	point, err := base64.RawURLEncoding.DecodeString(first["x"])
	if err != nil {
		t.Fatal(err)
	}
	_, err = jwt.Parse(sign(t, ring(t, a), claims()), func(parsed *jwt.Token) (any, error) {
		return ed25519.PublicKey(point), nil
	}, jwt.WithValidMethods([]string{first["alg"]}), jwt.WithAudience("turnike"), jwt.WithIssuer("turnike:test"), jwt.WithTimeFunc(func() time.Time { return start }))
	if err != nil {
		t.Error(err)
	}

	if data, err := ring(t, secretKey(t, goodSecret)).JWKS(); err != nil || string(data) != `{"keys":[]}` {
		t.Errorf("with a secret: %s, %v", data, err)
	}
}

// TestThumbprint is the example of RFC 8037, appendix A.
func TestThumbprint(t *testing.T) {
	seed, err := base64.RawURLEncoding.DecodeString("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A")
	if err != nil {
		t.Fatal(err)
	}
	key, err := token.NewEd25519Key(ed25519.NewKeyFromSeed(seed))
	if err != nil || key.ID() != "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k" {
		t.Errorf("ID = %s, %v", key.ID(), err)
	}
}

func TestSEC55_KeyNotPrinted(t *testing.T) {
	key := secretKey(t, goodSecret)
	for _, text := range []string{key.String(), key.GoString()} {
		if strings.Contains(text, goodSecret) || !strings.Contains(text, key.ID()) {
			t.Error(text)
		}
	}
}
