package account

import (
	"crypto/pbkdf2"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"strconv"
	"strings"

	"golang.org/x/crypto/scrypt"
)

// djangoArgon2 is the prefix of the PHC string in Django's argon2 hashes.
const djangoArgon2 = "argon2$"

// Bounds of the costs in an imported hash. They allow more than the defaults of
// every release of the two frameworks, and keep one check under about two seconds
// and 128 MiB [SEC-02].
const (
	maxIterations   = 4_000_000 // of PBKDF2
	maxScryptMemory = 128 << 20 // bytes: 128 times N times r
	maxScryptWork   = 4 << 20   // N times r times p
	maxForeignSalt  = 128       // bytes
)

// foreign is a password hash of another framework. It is verified as it is, and
// replaced by argon2id at the first successful login. Its salt is used as text, not
// decoded.
type foreign struct {
	derive func(password string) ([]byte, error)
	key    []byte
}

// matches hashes the password and compares in constant time.
func (f foreign) matches(password string) bool {
	got, err := f.derive(password)
	return err == nil && subtle.ConstantTimeCompare(got, f.key) == 1
}

// isForeign reports whether s has the form of a hash of Werkzeug (Flask) or
// Django.
func isForeign(s string) bool {
	for _, prefix := range []string{"scrypt:", "pbkdf2:", "pbkdf2_sha256$"} {
		if strings.HasPrefix(s, prefix) {
			return true
		}
	}
	return false
}

// parseForeign parses a hash and checks the bounds of its costs. The forms are:
//
//	scrypt:N:r:p$salt$hex             werkzeug.security
//	pbkdf2:sha256:ITERATIONS$salt$hex werkzeug.security, also sha512
//	pbkdf2_sha256$ITERATIONS$salt$b64 django.contrib.auth.hashers
func parseForeign(s string) (foreign, error) {
	if len(s) > maxHash {
		return foreign{}, hashError("it has more than %d bytes", maxHash)
	}
	parts := strings.Split(s, "$")
	if rest, ok := strings.CutPrefix(s, "pbkdf2_sha256$"); ok {
		if parts = strings.Split(rest, "$"); len(parts) != 3 {
			return foreign{}, hashError("it is not pbkdf2_sha256$ITERATIONS$salt$hash")
		}
		key, err := base64.StdEncoding.Strict().DecodeString(parts[2])
		if err != nil {
			return foreign{}, hashError("its hash is not base64")
		}
		return newPBKDF2("sha256", parts[0], parts[1], key)
	}
	if len(parts) != 3 {
		return foreign{}, hashError("it is not METHOD$salt$hash")
	}
	key, err := hex.DecodeString(parts[2])
	if err != nil {
		return foreign{}, hashError("its hash is not hexadecimal")
	}
	switch method := strings.Split(parts[0], ":"); {
	case method[0] == "scrypt" && len(method) == 4:
		return newScrypt(method[1:], parts[1], key)
	case method[0] == "pbkdf2" && len(method) == 3:
		return newPBKDF2(method[1], method[2], parts[1], key)
	}
	return foreign{}, hashError("it is neither scrypt:N:r:p$salt$hash nor pbkdf2:sha256:ITERATIONS$salt$hash")
}

func newPBKDF2(name, iterations, salt string, key []byte) (foreign, error) {
	hashes := map[string]func() hash.Hash{"sha256": sha256.New, "sha512": sha512.New}
	h := hashes[name]
	if h == nil {
		return foreign{}, hashError("pbkdf2 with %.16q is not supported, only with sha256 and sha512", name)
	}
	n, err := strconv.Atoi(iterations)
	if err != nil || n < 1 || n > maxIterations {
		return foreign{}, hashError("its iterations are not a number from 1 to %d", maxIterations)
	}
	if err := checkForeign(salt, key); err != nil {
		return foreign{}, err
	}
	return foreign{key: key, derive: func(password string) ([]byte, error) {
		return pbkdf2.Key(h, password, []byte(salt), n, len(key))
	}}, nil
}

func newScrypt(costs []string, salt string, key []byte) (foreign, error) {
	var n [3]int // N, r, p
	for i, text := range costs {
		var err error
		if n[i], err = strconv.Atoi(text); err != nil || n[i] < 1 || n[i] > maxScryptWork {
			return foreign{}, hashError("its costs are not scrypt:N:r:p with numbers in range")
		}
	}
	switch {
	case n[0] < 2 || n[0]&(n[0]-1) != 0:
		return foreign{}, hashError("its N is not a power of two above 1")
	case n[0]*n[1] > maxScryptMemory/128:
		return foreign{}, hashError("its N times r needs more than %d MiB", maxScryptMemory>>20)
	case n[0]*n[1]*n[2] > maxScryptWork:
		return foreign{}, hashError("its N times r times p is over %d", maxScryptWork)
	}
	if err := checkForeign(salt, key); err != nil {
		return foreign{}, err
	}
	return foreign{key: key, derive: func(password string) ([]byte, error) {
		return scrypt.Key([]byte(password), []byte(salt), n[0], n[1], n[2], len(key))
	}}, nil
}

// checkForeign refuses salts and keys that no release of the frameworks creates.
func checkForeign(salt string, key []byte) error {
	switch {
	case salt == "" || len(salt) > maxForeignSalt:
		return hashError("its salt has %d bytes, not 1 to %d", len(salt), maxForeignSalt)
	case len(key) < minKey || len(key) > maxKey:
		return hashError("its hash has %d bytes, not %d to %d", len(key), minKey, maxKey)
	}
	return nil
}
