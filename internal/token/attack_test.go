package token_test

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/turnike/turnike/internal/token"
)

// part encodes JSON text as a part of a token.
func part(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }

// goodPayload is what a genuine token says, as JSON.
func goodPayload() map[string]any {
	return map[string]any{
		"iss": "turnike:test", "aud": "turnike", "sub": "user-1", "username": "ayşe", "sid": "sid-1", "jti": "jti-1", "role": "user",
		"pool": "default", "iat": start.Unix(), "nbf": start.Unix(), "exp": start.Unix() + 86400,
	}
}

// payload gives the genuine payload with one member changed; nil removes it.
func payload(t testing.TB, name string, value any) string {
	t.Helper()
	members := goodPayload()
	if members[name] = value; value == nil {
		delete(members, name)
	}
	data, err := json.Marshal(members)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// forge signs header and payload with our own private key, whatever they say.
func forge(seed byte, header, payload string) string {
	text := part(header) + "." + part(payload)
	return text + "." + base64.RawURLEncoding.EncodeToString(ed25519.Sign(private(seed), []byte(text)))
}

// forgeHMAC signs with a secret.
func forgeHMAC(key []byte, header, payload string) string {
	text := part(header) + "." + part(payload)
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(text))
	return text + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// check says whether k, with and without a cache, takes raw as want says.
func check(t *testing.T, name string, key token.Key, raw string, want error) {
	t.Helper()
	for _, cache := range []int{-1, 0} {
		k, err := token.New(token.Config{Instance: "test", Active: key, Cache: cache})
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			got, err := k.Verify(raw, start.Add(time.Hour))
			if !errors.Is(err, want) {
				t.Errorf("%s: %v, want %v", name, err, want)
			}
			if errors.Is(want, token.ErrInvalid) && got != (token.Claims{}) {
				t.Errorf("%s: claims of a bad token: %+v", name, got)
			}
			if err != nil && len(raw) > 20 && strings.Contains(err.Error(), raw[:20]) {
				t.Errorf("%s: the error shows the token", name)
			}
		}
	}
}

// TestSEC20_Algorithm has headers signed with our own key: only what they say
// of the algorithm and the type is wrong.
func TestSEC20_Algorithm(t *testing.T) {
	key := ed25519Key(t, 'a')
	kid := `"kid":"` + key.ID() + `"`
	body := payload(t, "sid", "sid-1")
	for header, want := range map[string]error{
		`{"alg":"EdDSA","typ":"JWT",` + kid + `}`:       nil,
		`{"typ":"JWT", "alg" : "EdDSA"}`:                nil,
		`{"alg":"EdDSA","typ":"JWT","kid":"unknown"}`:   token.ErrInvalid,
		`{"alg":"none","typ":"JWT",` + kid + `}`:        token.ErrInvalid,
		`{"alg":"None","typ":"JWT"}`:                    token.ErrInvalid,
		`{"alg":"nOnE","typ":"JWT"}`:                    token.ErrInvalid,
		`{"alg":"","typ":"JWT"}`:                        token.ErrInvalid,
		`{"alg":null,"typ":"JWT"}`:                      token.ErrInvalid,
		`{"alg":["EdDSA"],"typ":"JWT"}`:                 token.ErrInvalid,
		`{"typ":"JWT"}`:                                 token.ErrInvalid,
		`{"alg":"HS256","typ":"JWT"}`:                   token.ErrInvalid,
		`{"alg":"RS256","typ":"JWT"}`:                   token.ErrInvalid,
		`{"alg":"ES256","typ":"JWT"}`:                   token.ErrInvalid,
		`{"alg":"eddsa","typ":"JWT"}`:                   token.ErrInvalid,
		`{"alg":"EDDSA","typ":"JWT"}`:                   token.ErrInvalid,
		`{"alg":"Ed25519","typ":"JWT"}`:                 token.ErrInvalid,
		`{"alg":"EdDSA ","typ":"JWT"}`:                  token.ErrInvalid,
		`{"alg":"EdDSA\u0000","typ":"JWT"}`:             token.ErrInvalid,
		`{"ALG":"EdDSA","typ":"JWT"}`:                   token.ErrInvalid,
		`{"alg":"EdDSA","Alg":"none","typ":"JWT"}`:      token.ErrInvalid,
		`{"alg":"EdDSA","alg":"EdDSA","typ":"JWT"}`:     token.ErrInvalid,
		`{"alg":"none","alg":"EdDSA","typ":"JWT"}`:      token.ErrInvalid,
		`{"alg":"EdDSA","alg":"none","typ":"JWT"}`:      token.ErrInvalid,
		`{"alg":"EdDSA","\u0061lg":"none","typ":"JWT"}`: token.ErrInvalid,
		`{"alg":"EdDSA"}`:                               token.ErrInvalid,
		`{"alg":"EdDSA","typ":""}`:                      token.ErrInvalid,
		`{"alg":"EdDSA","typ":"jwt"}`:                   token.ErrInvalid,
		`{"alg":"EdDSA","typ":"at+jwt"}`:                token.ErrInvalid,
		`{"alg":"EdDSA","typ":"JWT","typ":"JWT"}`:       token.ErrInvalid,
		`{"alg":"EdDSA","typ":"JWT","cty":"JWT"}`:       token.ErrInvalid,
		`{"alg":"EdDSA","typ":"JWT","enc":"A128GCM"}`:   token.ErrInvalid,
		`{"alg":"EdDSA","typ":"JWT","zip":"DEF"}`:       token.ErrInvalid,
		`{"alg":"EdDSA","typ":"JWT","b64":false}`:       token.ErrInvalid,
		`{"alg":"EdDSA","typ":"JWT"}{}`:                 token.ErrInvalid,
		`{"alg":"EdDSA","typ":"JWT"} x`:                 token.ErrInvalid,
		`{"alg":"EdDSA","typ":"JWT"`:                    token.ErrInvalid,
		`[{"alg":"EdDSA","typ":"JWT"}]`:                 token.ErrInvalid,
		`"alg"`:                                         token.ErrInvalid,
		`null`:                                          token.ErrInvalid,
		`{}`:                                            token.ErrInvalid,
		`not JSON`:                                      token.ErrInvalid,
		"\xef\xbb\xbf" + `{"alg":"EdDSA","typ":"JWT"}`:  token.ErrInvalid,
		`{"alg":` + strings.Repeat("[", 2000) + strings.Repeat("]", 200) + `}`: token.ErrInvalid,
	} {
		check(t, header, key, forge('a', header, body), want)
	}
}

// TestSEC20_PublicKeyAsSecret is the confusion of a public key with a secret.
func TestSEC20_PublicKeyAsSecret(t *testing.T) {
	key := ed25519Key(t, 'a')
	public, isKey := private('a').Public().(ed25519.PublicKey)
	if !isKey {
		t.Fatal("no public key")
	}
	jwks, err := ring(t, key).JWKS()
	if err != nil {
		t.Fatal(err)
	}
	for _, as := range [][]byte{public, []byte(base64.RawURLEncoding.EncodeToString(public)), jwks, nil} {
		for _, alg := range []string{"HS256", "EdDSA"} {
			header := `{"alg":"` + alg + `","typ":"JWT","kid":"` + key.ID() + `"}`
			check(t, alg, key, forgeHMAC(as, header, payload(t, "sid", "sid-1")), token.ErrInvalid)
		}
	}
	// And the other way about: a signature where a secret is configured.
	hmacKey := secretKey(t, goodSecret)
	check(t, "EdDSA for HS256", hmacKey, forge('a', `{"alg":"EdDSA","typ":"JWT"}`, payload(t, "sid", "sid-1")), token.ErrInvalid)
	check(t, "HS256", hmacKey, forgeHMAC([]byte(goodSecret), `{"alg":"HS256","typ":"JWT"}`, payload(t, "sid", "sid-1")), nil)
	check(t, "HS256 of another secret", hmacKey, forgeHMAC([]byte(goodSecret+"x"), `{"alg":"HS256","typ":"JWT"}`, payload(t, "sid", "sid-1")), token.ErrInvalid)
	check(t, "HS512", hmacKey, forgeHMAC([]byte(goodSecret), `{"alg":"HS512","typ":"JWT"}`, payload(t, "sid", "sid-1")), token.ErrInvalid)
	check(t, "none without a signature", hmacKey, part(`{"alg":"none","typ":"JWT"}`)+"."+part(payload(t, "sid", "sid-1"))+".", token.ErrInvalid)
	check(t, "HS256 without a signature", hmacKey, part(`{"alg":"HS256","typ":"JWT"}`)+"."+part(payload(t, "sid", "sid-1"))+".", token.ErrInvalid)
}

// TestSEC21_HeaderKeys has tokens that bring their key or say where it is, all
// signed with our own key besides.
func TestSEC21_HeaderKeys(t *testing.T) {
	key := ed25519Key(t, 'a')
	body := payload(t, "sid", "sid-1")
	for _, extra := range []string{
		`"jku":"https://evil.example/jwks.json"`, `"x5u":"https://evil.example/cert.pem"`, `"jwk":{"kty":"OKP","crv":"Ed25519","x":"AAAA"}`,
		`"jwk":"x"`, `"x5c":["MIIB"]`, `"x5c":"MIIB"`, `"x5t":"abc"`, `"crit":["exp"]`, `"crit":"exp"`, `"JKU":"x"`, `"unknown":"x"`, `"":""`,
	} {
		check(t, extra, key, forge('a', `{"alg":"EdDSA","typ":"JWT",`+extra+`}`, body), token.ErrInvalid)
	}
	for _, kid := range []string{
		"../../../../dev/null", "/etc/passwd", "token.key", `x' OR '1'='1`, "https://evil.example/key", "file:///dev/null", " " + key.ID(), key.ID() + "\u0000",
		strings.ToUpper(key.ID()), key.ID()[:len(key.ID())-1], strings.Repeat("k", 2000),
	} {
		name, err := json.Marshal(kid)
		if err != nil {
			t.Fatal(err)
		}
		check(t, kid, key, forge('a', `{"alg":"EdDSA","typ":"JWT","kid":`+string(name)+`}`, body), token.ErrInvalid)
	}
	for _, kid := range []string{`""`, `null`, `1`, `{}`, `["` + key.ID() + `"]`} {
		check(t, kid, key, forge('a', `{"alg":"EdDSA","typ":"JWT","kid":`+kid+`}`, body), token.ErrInvalid)
	}
	// A key of the attacker's, under our key's name.
	check(t, "other key", key, forge('b', `{"alg":"EdDSA","typ":"JWT","kid":"`+key.ID()+`"}`, body), token.ErrInvalid)
}

// TestSEC25_OtherKinds: what is signed with our key for something else is no
// session token, and the claims have to be whole.
func TestSEC25_OtherKinds(t *testing.T) {
	key := ed25519Key(t, 'a')
	const header = `{"alg":"EdDSA","typ":"JWT"}`
	for _, test := range []struct {
		name   string
		member string
		value  any
		want   error
	}{
		{"genuine", "sid", "sid-1", nil},
		{"times with fractions", "exp", float64(start.Unix()) + 86400.5, nil},
		{"another member", "extra", "x", nil},
		{"expired", "exp", start.Unix() + 60, token.ErrExpired},
		{"another installation", "iss", "turnike:other", token.ErrInvalid},
		{"no installation", "iss", nil, token.ErrInvalid},
		{"another audience", "aud", "turnike-reset", token.ErrInvalid},
		{"several audiences", "aud", []string{"turnike", "other"}, token.ErrInvalid},
		{"no audience", "aud", nil, token.ErrInvalid},
		{"empty audience", "aud", "", token.ErrInvalid},
		{"no user", "sub", nil, token.ErrInvalid},
		{"a user that is a number", "sub", 1, token.ErrInvalid},
		{"no session", "sid", nil, token.ErrInvalid},
		{"empty session", "sid", "", token.ErrInvalid},
		{"no id", "jti", nil, token.ErrInvalid},
		{"no expiry", "exp", nil, token.ErrInvalid},
		{"expiry null", "exp", json.RawMessage("null"), token.ErrInvalid},
		{"expiry as text", "exp", "9999999999", token.ErrInvalid},
		{"expiry in the year 9e99", "exp", 1e100, token.ErrInvalid},
		{"expiry before issue", "exp", start.Unix() - 1, token.ErrInvalid},
		{"no issue time", "iat", nil, token.ErrInvalid},
		{"no start", "nbf", nil, token.ErrInvalid},
		{"start in the future", "nbf", start.Unix() + 7200, token.ErrEarly},
		{"issued in the future", "iat", start.Unix() + 7200, token.ErrEarly},
	} {
		check(t, test.name, key, forge('a', header, payload(t, test.member, test.value)), test.want)
	}
	for _, typ := range []string{"turnike-ticket+jwt", "turnike-reset+jwt", "JOSE"} {
		check(t, typ, key, forge('a', `{"alg":"EdDSA","typ":"`+typ+`"}`, payload(t, "sid", "sid-1")), token.ErrInvalid)
	}
	for _, body := range []string{"", "null", "[]", `"x"`, "{", "{}", payload(t, "sid", "sid-1") + "x"} {
		check(t, body, key, forge('a', header, body), token.ErrInvalid)
	}
	// Expired and bad besides is bad: its claims are nobody's.
	members := goodPayload()
	members["exp"], members["aud"] = start.Unix()+60, "other"
	both, err := json.Marshal(members)
	if err != nil {
		t.Fatal(err)
	}
	check(t, "expired and for another purpose", key, forge('a', header, string(both)), token.ErrInvalid)
}

// TestTampered changes every character of a token, and its form.
func TestTampered(t *testing.T) {
	for _, key := range []token.Key{ed25519Key(t, 'a'), secretKey(t, goodSecret)} {
		k, err := token.New(token.Config{Instance: "test", Active: key})
		if err != nil {
			t.Fatal(err)
		}
		raw := sign(t, k, claims())
		for i := range len(raw) {
			for _, c := range []byte("AbQ_.=\n\x00") {
				if raw[i] == c {
					continue
				}
				changed := raw[:i] + string(c) + raw[i+1:]
				if _, err := k.Verify(changed, start); !errors.Is(err, token.ErrInvalid) {
					t.Errorf("byte %d as %q: %v", i, c, err)
				}
			}
		}
		parts := strings.Split(raw, ".")
		other := strings.Split(sign(t, k, token.Claims{ID: "2", Session: "2", Subject: "2", IssuedAt: start, ExpiresAt: start.Add(time.Hour)}), ".")
		for _, changed := range []string{
			"", ".", "..", "...", parts[0], parts[0] + "." + parts[1], parts[0] + "." + parts[1] + ".", "." + parts[1] + "." + parts[2], parts[0] + ".." + parts[2],
			raw + ".", raw + "." + parts[2], raw + "=", raw + "A", raw + " ", " " + raw, raw + "\n", raw[:40] + "\n" + raw[40:], raw[:40] + "\r\n" + raw[40:],
			"Bearer " + raw, strings.ToUpper(raw), parts[0] + "." + other[1] + "." + parts[2], other[0] + "." + parts[1] + "." + other[2], raw + raw,
		} {
			if _, err := k.Verify(changed, start); !errors.Is(err, token.ErrInvalid) {
				t.Errorf("%q: %v", changed, err)
			}
		}
		if _, err := k.Verify(raw, start); err != nil {
			t.Errorf("the token itself: %v", err)
		}
	}
}

// TestSEC22_Length: long input is refused by its form, at no cost.
func TestSEC22_Length(t *testing.T) {
	key := ed25519Key(t, 'a')
	k := ring(t, key)
	// Three bytes more of pool are four more of token.
	made := func(n int) string {
		return forge('a', `{"alg":"EdDSA","typ":"JWT"}`, payload(t, "pool", strings.Repeat("p", n)))
	}
	fill := (token.MaxLength - len(made(0))) * 3 / 4
	for len(made(fill)) < token.MaxLength {
		fill++
	}
	atLimit := made(fill)
	if len(atLimit) != token.MaxLength {
		t.Fatalf("the test makes %d bytes", len(atLimit))
	}
	if _, err := k.Verify(atLimit, start); err != nil {
		t.Errorf("at the limit: %v", err)
	}
	if _, err := k.Verify(made(fill+1), start); !errors.Is(err, token.ErrInvalid) {
		t.Errorf("past it: %v", err)
	}
	for _, raw := range []string{strings.Repeat(".", 1<<20), strings.Repeat("a", 1<<20), strings.Repeat("a.", 1<<19), strings.Repeat(".", token.MaxLength)} {
		if bytes := allocated(func() { _, _ = k.Verify(raw, start) }); bytes > 512 {
			t.Errorf("%d bytes of %.2q take %d bytes of memory", len(raw), raw, bytes)
		}
	}
}

// allocated gives the bytes that f allocates on average.
func allocated(f func()) uint64 {
	const runs = 100
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range runs {
		f()
	}
	runtime.ReadMemStats(&after)
	return (after.TotalAlloc - before.TotalAlloc) / runs
}

// TestOtherKeyType has a token signed with RSA.
func TestOtherKeyType(t *testing.T) {
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	text := part(`{"alg":"RS256","typ":"JWT"}`) + "." + part(payload(t, "sid", "sid-1"))
	sum := sha256.Sum256([]byte(text))
	signature, err := rsaKey.Sign(rand.Reader, sum[:], &rsa.PSSOptions{Hash: 5})
	if err != nil {
		t.Fatal(err)
	}
	check(t, "RS256", ed25519Key(t, 'a'), text+"."+base64.RawURLEncoding.EncodeToString(signature), token.ErrInvalid)
}

// FuzzVerify: no input panics, and none is accepted that our key did not sign.
func FuzzVerify(f *testing.F) {
	key := ed25519Key(f, 'a')
	k := ring(f, key)
	raw := sign(f, k, claims())
	f.Add(raw)
	for _, seed := range []string{"", "..", "a.b.c", raw[:len(raw)-1], forge('a', `{"alg":"none"}`, "{}"), forge('b', `{"alg":"EdDSA","typ":"JWT"}`, "{}")} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, input string) {
		if got, err := k.Verify(input, start); err == nil && input != raw {
			t.Errorf("%q is accepted: %+v", input, got)
		}
	})
}

// FuzzSigned: whatever is in a token that our key did sign, nothing panics and
// what is accepted is whole.
func FuzzSigned(f *testing.F) {
	k := ring(f, ed25519Key(f, 'a'))
	f.Add(`{"alg":"EdDSA","typ":"JWT"}`, payload(f, "sid", "sid-1"))
	f.Add(`{"alg":"EdDSA","typ":"JWT","kid":"x"}`, payload(f, "exp", 1e300))
	f.Add(`{"alg":"EdDSA","typ":"JWT"}`, payload(f, "nbf", -1e18))
	f.Fuzz(func(t *testing.T, header, payload string) {
		got, err := k.Verify(forge('a', header, payload), start)
		if err == nil && (got.ID == "" || got.Session == "" || got.Subject == "" || !got.ExpiresAt.After(start)) {
			t.Errorf("accepted: %+v", got)
		}
	})
}
