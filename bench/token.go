package main

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"time"
)

// signToken returns a token for a peer: a JWT with HS256 (RFC 7515, section A.1).
// Turnike's tokens are from `turnike session issue`, signed with the same secret.
func signToken(secret, name string) (string, error) {
	claims, err := json.Marshal(map[string]any{
		"sub": name, "username": name, "jti": rand.Text(),
		"iat": time.Now().Unix(), "exp": time.Now().Add(24 * time.Hour).Unix(),
	})
	if err != nil {
		return "", err
	}
	encode := base64.RawURLEncoding.EncodeToString
	signed := encode([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + encode(claims)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(signed))
	return signed + "." + encode(mac.Sum(nil)), nil
}
