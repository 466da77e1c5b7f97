package e2e

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/turnike/turnike/e2e/harness"
)

func containsKey(text string) bool { return strings.Contains(text, "PRIVATE KEY") }

// TestContractToken: the claims, and verification with the published key.
func TestContractToken(t *testing.T) {
	t.Parallel()
	s := harness.Start(t)
	l := s.Browser().Login("ali")
	tok := harness.ParseToken(t, l.Token)
	if tok.Header["alg"] != "EdDSA" {
		t.Errorf("header %v", tok.Header)
	}
	kid, _ := tok.Header["kid"].(string)
	key, ok := s.Keys()[kid]
	if !ok || !ed25519.Verify(key, []byte(tok.Signed), tok.Signature) {
		t.Errorf("the key %q of the JWKS does not verify the token", kid)
	}
	c := tok.Claims
	checkClaims(t, c, "ali", "user", l.ExpiresAt)
	row := s.SessionOf("ali")
	if c["sid"] != row.ID {
		t.Errorf("sid %v, the session %s", c["sid"], row.ID)
	}
	two := harness.ParseToken(t, s.Issue("veli")["veli"])
	if two.Claims["iss"] != c["iss"] || two.Claims["jti"] == c["jti"] || two.Claims["sub"] == c["sub"] {
		t.Errorf("two tokens: %v and %v", c, two.Claims)
	}
}

func checkClaims(t *testing.T, c map[string]any, username, role, expiresAt string) {
	t.Helper()
	iat, _ := c["iat"].(float64)
	exp, _ := c["exp"].(float64)
	nbf, _ := c["nbf"].(float64)
	if exp-iat != 86400 || nbf > iat || time.Since(time.Unix(int64(iat), 0)) > time.Hour {
		t.Errorf("iat %v, nbf %v, exp %v", c["iat"], c["nbf"], c["exp"])
	}
	at, err := time.Parse(time.RFC3339, expiresAt)
	if err != nil || at.Unix() != int64(exp) {
		t.Errorf("expires_at %s, exp %d", expiresAt, int64(exp))
	}
	aud, _ := c["aud"].(string)
	if list, ok := c["aud"].([]any); ok && len(list) == 1 {
		aud, _ = list[0].(string)
	}
	iss, _ := c["iss"].(string)
	if aud != "turnike" || !strings.HasPrefix(iss, "turnike:") || len(iss) == len("turnike:") {
		t.Errorf("aud %v, iss %v", c["aud"], c["iss"])
	}
	if c["username"] != username || c["role"] != role || c["pool"] != "default" {
		t.Errorf("claims %v", c)
	}
	for _, name := range []string{"sub", "sid", "jti"} {
		if v, _ := c[name].(string); v == "" {
			t.Errorf("claim %s is %v", name, c[name])
		}
	}
}

const secret = "kX9-cok-gizli-bir-anahtar-0123456789abcdef"

// TestContractHS256: with the seed's variable, tokens are compatible with the seed.
func TestContractHS256(t *testing.T) {
	t.Parallel()
	s := harness.Start(t, harness.Env("JWT_SECRET_KEY="+secret))
	l := s.Browser().Login("ali")
	tok := harness.ParseToken(t, l.Token)
	if tok.Header["alg"] != "HS256" || !slices.Equal(tok.Signature, harness.HS256([]byte(secret), tok.Signed)) {
		t.Errorf("header %v, or the signature is not the secret's", tok.Header)
	}
	checkClaims(t, tok.Claims, "ali", "user", l.ExpiresAt)
	if a := s.Browser().Get("/.well-known/jwks.json"); a.Status == 200 && strings.Contains(a.Body, `"kty"`) {
		t.Errorf("keys are published that do not sign: %s", a.Body)
	}
	if strings.Contains(s.Stderr(), secret) || strings.Contains(s.CLI("check").Out, secret) {
		t.Error("SEC-55: the secret is shown")
	}
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte(secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	two := harness.Start(t, harness.Env("JWT_SECRET_KEY_FILE="+file))
	tok = harness.ParseToken(t, two.Login("ali"))
	if !slices.Equal(tok.Signature, harness.HS256([]byte(secret), tok.Signed)) {
		t.Error("JWT_SECRET_KEY_FILE: the signature is not the file's")
	}
}

// TestSEC20_Forged: with a known secret each claim is forged separately. Each forgery is
// refused by HTTP and by a socket, and the real token still works.
func TestSEC20_Forged(t *testing.T) {
	t.Parallel()
	s := harness.Start(t, harness.Env("JWT_SECRET_KEY="+secret))
	good := s.Login("ali")
	other := harness.ParseToken(t, s.Login("veli"))
	tok := harness.ParseToken(t, good)
	key := []byte(secret)
	now := time.Now().Unix()
	type m = map[string]any
	forged := map[string]string{
		"alg none":       tok.WithHeader(m{"alg": "none"}).Unsigned(),
		"alg None":       tok.WithHeader(m{"alg": "None"}).SignHS256(key),
		"alg hs256":      tok.WithHeader(m{"alg": "hs256"}).SignHS256(key),
		"alg HS384":      tok.WithHeader(m{"alg": "HS384"}).SignHS256(key),
		"alg missing":    tok.WithHeader(m{"alg": nil}).SignHS256(key),
		"alg EdDSA":      tok.WithHeader(m{"alg": "EdDSA"}).SignHS256(key),
		"jku":            tok.WithHeader(m{"jku": "https://evil.example/jwks.json"}).SignHS256(key),
		"jwk":            tok.WithHeader(m{"jwk": m{"kty": "oct", "k": "AAAA"}}).SignHS256([]byte{0, 0, 0}),
		"crit":           tok.WithHeader(m{"crit": []string{"exp"}}).SignHS256(key),
		"other secret":   tok.SignHS256([]byte(secret + "x")),
		"no signature":   tok.Unsigned(),
		"expired":        tok.With(m{"exp": now - 1, "iat": now - 100, "nbf": now - 100}).SignHS256(key),
		"not yet":        tok.With(m{"nbf": now + 600}).SignHS256(key),
		"no exp":         tok.With(m{"exp": nil}).SignHS256(key),
		"other issuer":   tok.With(m{"iss": "turnike:other"}).SignHS256(key),
		"no issuer":      tok.With(m{"iss": nil}).SignHS256(key),
		"other audience": tok.With(m{"aud": "other"}).SignHS256(key),
		"no audience":    tok.With(m{"aud": nil}).SignHS256(key),
		"unknown sid":    tok.With(m{"sid": "AAAAAAAAAAAAAAAAAAAAAAAAAA"}).SignHS256(key),
		"no sid":         tok.With(m{"sid": nil}).SignHS256(key),
		"sid of another": tok.With(m{"sid": other.Claims["sid"]}).SignHS256(key),
		"sub of another": tok.With(m{"sub": other.Claims["sub"]}).SignHS256(key),
		"four parts":     good + ".x",
		"two parts":      strings.Join(strings.Split(good, ".")[:2], "."),
		"empty parts":    "..",
		"long":           good + strings.Repeat("A", 5000),
		"space":          good[:10] + " " + good[10:],
	}
	for name, token := range forged {
		t.Run(name, func(t *testing.T) {
			a := s.Bearer(token).Get("/socket")
			code := "invalid_token"
			if name == "expired" {
				code = "expired"
			}
			a.Problem(401, code)
			p := s.Open(harness.Dial{Token: token}).Connect()
			refusedWith(t, p, code)
		})
	}
	s.Bearer(good).Get("/socket").Want(200)
	// SEC-58: the role in the token is ignored.
	k := s.Socket(tok.With(m{"role": "admin", "username": "veli"}).SignHS256(key))
	if got := k.Register(); got.Response.User.Role != "user" || got.Response.Username != "ali" {
		t.Errorf("a token's role and name are believed: %+v", got.Response)
	}
}

// refusedWith requires a CONNECT_ERROR in the format of the contract.
func refusedWith(t *testing.T, p harness.Packet, code string) harness.ConnectError {
	t.Helper()
	var e harness.ConnectError
	if p.Kind != harness.Refused {
		t.Fatalf("%v, want CONNECT_ERROR %s", p, code)
	}
	if err := harness.Decode(p.Data, &e); err != nil {
		t.Fatal(err)
	}
	if e.Message == "" || e.Data.Code != code || e.Data.Retry == nil || *e.Data.Retry {
		t.Errorf("CONNECT_ERROR %s, want code %s and retry false", p.Data, code)
	}
	return e
}

// TestSEC20_PublicKeyAsSecret: tokens signed with the published key as a secret, or with
// a foreign key, are refused.
func TestSEC20_PublicKeyAsSecret(t *testing.T) {
	t.Parallel()
	s := harness.Start(t)
	tok := harness.ParseToken(t, s.Login("ali"))
	public := s.Keys()[tok.Header["kid"].(string)]
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	_, foreign, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	hs := tok.WithHeader(map[string]any{"alg": "HS256"})
	for name, token := range map[string]string{
		"raw key":       hs.SignHS256(public),
		"DER":           hs.SignHS256(der),
		"PEM":           hs.SignHS256(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})),
		"foreign key":   tok.SignEdDSA(foreign),
		"no kid":        tok.WithHeader(map[string]any{"kid": nil}).SignEdDSA(foreign),
		"traversal":     tok.WithHeader(map[string]any{"kid": "../../../etc/passwd"}).SignEdDSA(foreign),
		"SQL":           tok.WithHeader(map[string]any{"kid": "' OR 1=1 --"}).SignEdDSA(foreign),
		"none":          tok.WithHeader(map[string]any{"alg": "none"}).Unsigned(),
		"changed claim": tok.With(map[string]any{"username": "veli"}).Unsigned(),
	} {
		t.Run(name, func(t *testing.T) {
			s.Bearer(token).Get("/socket").Problem(401, "invalid_token")
			refusedWith(t, s.Open(harness.Dial{Token: token}).Connect(), "invalid_token")
		})
	}
	// Another server's token has another issuer.
	two := harness.Start(t)
	two.Bearer(s.Login("ali")).Get("/socket").Problem(401, "invalid_token")
}

// TestSEC12_BadSecrets: the server refuses to start with a known or short secret.
func TestSEC12_BadSecrets(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{":D", "changeme", "secret", "CHANGE_ME", strings.Repeat("x", 31), strings.Repeat("a", 64),
		strings.Repeat("changeme", 4), "your-256-bit-secret-your-256-bit-secret"} {
		r := harness.Command{Args: []string{"serve", "--listen", "127.0.0.1:0", "--data", t.TempDir()}, Env: []string{"JWT_SECRET_KEY=" + bad}}.Run(t)
		if line := r.Line(t); r.Code != 1 || !strings.Contains(line, "JWT_SECRET_KEY") && !strings.Contains(line, "token.secret") {
			t.Errorf("%q: exit code %d, %q", bad, r.Code, line)
		}
		if len(bad) > 8 && strings.Contains(r.Errout, bad) {
			t.Errorf("SEC-55: the secret is shown: %s", r.Errout)
		}
	}
}
