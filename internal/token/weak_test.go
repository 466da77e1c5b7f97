package token_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/turnike/turnike/internal/secret"
	"github.com/turnike/turnike/internal/token"
)

// TestSEC12_Secrets has secrets that stop the start, and some that must not.
func TestSEC12_Secrets(t *testing.T) {
	for _, bad := range []string{
		"", ":D", strings.Repeat(":D", 20), "changeme", "secret", "x", strings.Repeat("a", 32), strings.Repeat("a", 100), strings.Repeat("ab", 32),
		strings.Repeat("changeme", 8), "CHANGE_ME_CHANGE_ME_CHANGE_ME_CHANGE_ME", "please-change-this-to-a-random-32-byte-string",
		"your-256-bit-secret", "your-256-bit-secret-your-256-bit-secret", "a-string-secret-at-least-256-bits-long",
		"super-secret-jwt-token-with-at-least-32-characters-long", "supersecretkeyyoushouldnotcommittogithub", "my-secret-key-my-secret-key-my-secret-key",
		"django-insecure-8a7s6d8a7s6d87as6d87as6d87as6d", strings.Repeat("secret", 6), strings.Repeat("password123", 3), strings.Repeat("0123456789abcdef", 4),
		"0123456789abcdef0123456789abcdef", "abcdefghijklmnopqrstuvwxyz0123456789", "12345678901234567890123456789012", strings.Repeat("Turnike-", 8),
		"deadbeefdeadbeefdeadbeefdeadbeef", strings.Repeat("q8ZVx2nD", 4), "q8ZVx2nD7rTfK1mWbY5hLs0pJc9eGaU", strings.Repeat(" ", 40),
	} {
		_, err := token.NewSecretKey(secret.New(bad))
		if !errors.Is(err, token.ErrSecret) {
			t.Errorf("%q: %v", bad, err)
			continue
		}
		if text := err.Error(); !strings.Contains(text, "JWT_SECRET_KEY") || !strings.Contains(text, "openssl") || len(bad) > 8 && strings.Contains(text, bad) {
			t.Errorf("%q: the message is %q", bad, text)
		}
	}
	for _, good := range []string{
		"q8ZVx2nD7rTfK1mWbY5hLs0pJc9eGaUo",                                 // just 32 bytes
		"8f3b1c9e7a5d2046b8e1f4c7039ad65e",                                 // hexadecimal
		"k3VtQ2h1c0pXb3JsZGluZ1NlY3JldEtleQ+/Zx9Lm4Rt7Yp2Wq5Ds8Fg1Hj6Kl0=", // base64
		"b3c1a2d4-e5f6-4789-8abc-def012345678",                             // a UUID
		"dört yeşil bisiklet yokuştan aşağı kayıyor",
		"38291740561928374650192837465019", // 32 digits
	} {
		if _, err := token.NewSecretKey(secret.New(good)); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
}
