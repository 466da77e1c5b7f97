package account

import (
	"strings"

	"golang.org/x/crypto/bcrypt"
)

// maxBcryptCost bounds the cost of an imported hash: 14 takes about a second.
const maxBcryptCost = 14

// isBcrypt reports whether s has the form of a bcrypt hash of a known version.
func isBcrypt(s string) bool {
	return strings.HasPrefix(s, "$2a$") || strings.HasPrefix(s, "$2b$") || strings.HasPrefix(s, "$2y$")
}

// checkBcrypt returns an error unless an imported hash can be verified.
func checkBcrypt(s string) error {
	const length = 60
	if len(s) != length {
		return hashError("bcrypt has %d bytes, not %d", length, len(s))
	}
	for i := 7; i < length; i++ {
		if c := s[i]; !alphanumeric(c) && !('A' <= c && c <= 'Z') && c != '.' && c != '/' {
			return hashError("it is not bcrypt: byte %d is not of its alphabet", i)
		}
	}
	cost, err := bcrypt.Cost([]byte(s))
	if err != nil {
		return hashError("it is not bcrypt of a cost between %d and %d", bcrypt.MinCost, maxBcryptCost)
	}
	if cost > maxBcryptCost {
		return hashError("bcrypt of cost %d is over %d", cost, maxBcryptCost)
	}
	return nil
}

// matchesBcrypt verifies a password against an imported hash. Bcrypt uses only the
// first 72 bytes of a password. The first successful login replaces the hash by
// argon2id, which uses all.
func matchesBcrypt(s, password string) bool {
	return bcrypt.CompareHashAndPassword([]byte(s), []byte(password)) == nil
}
