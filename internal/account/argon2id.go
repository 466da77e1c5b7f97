package account

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"
)

// ErrHash says that a stored hash cannot be used: its kind is unknown, it is broken,
// or so costly that checking it would harm the server. The error that wraps it says
// why, and never shows the hash.
var ErrHash = errors.New("unusable password hash")

// ErrParameters says that the costs of argon2id are out of bounds.
var ErrParameters = errors.New("unusable argon2id parameters")

// Bounds of the costs in a hash. They allow every common recommendation, and keep
// one check under about a second and 128 MiB: a hostile import must not exhaust
// the memory [SEC-02].
const (
	maxMemory  = 128 << 10 // KiB
	maxTime    = 12
	maxThreads = 16
	maxWork    = 512 << 10 // memory times passes, KiB
	maxHash    = 512       // bytes of the whole string
	minSalt    = 8
	maxSalt    = 64
	minKey     = 16
	maxKey     = 64
)

// The lengths in our own hashes.
const (
	saltLength = 16
	keyLength  = 32
)

// Parameters are the costs of argon2id (RFC 9106).
type Parameters struct {
	Memory  uint32 // KiB
	Time    uint32 // passes over the memory
	Threads uint8  // lanes
}

// DefaultParameters returns those of OWASP's password storage cheat sheet: 19 MiB,
// two passes, one lane, about 40 ms [SEC-01].
func DefaultParameters() Parameters {
	return Parameters{Memory: 19456, Time: 2, Threads: 1}
}

// Check returns an error unless new passwords may be hashed with these costs: they
// are within bounds, and at least what OWASP lists as equivalent to the default.
func (p Parameters) Check() error {
	if err := p.bounds(); err != nil {
		return err
	}
	// The least memory in KiB for one pass, two passes, and so on.
	least := [...]uint32{47104, 19456, 12288, 9216, 7168}
	if floor := least[min(int(p.Time), len(least))-1]; p.Memory < floor {
		return fmt.Errorf("%w: with time %d the memory is at least %d KiB, not %d", ErrParameters, p.Time, floor, p.Memory)
	}
	return nil
}

// bounds returns an error unless a hash with these costs is harmless to compute.
func (p Parameters) bounds() error {
	switch {
	case p.Time < 1 || p.Time > maxTime:
		return fmt.Errorf("%w: time %d is not between 1 and %d", ErrParameters, p.Time, maxTime)
	case p.Threads < 1 || p.Threads > maxThreads:
		return fmt.Errorf("%w: threads %d is not between 1 and %d", ErrParameters, p.Threads, maxThreads)
	case p.Memory < 8*uint32(p.Threads) || p.Memory > maxMemory:
		return fmt.Errorf("%w: memory %d KiB is not between %d and %d", ErrParameters, p.Memory, 8*p.Threads, maxMemory)
	case p.Memory*p.Time > maxWork:
		return fmt.Errorf("%w: memory %d KiB times time %d is over %d", ErrParameters, p.Memory, p.Time, maxWork)
	}
	return nil
}

// weaker reports whether any cost of p is lower than that of q.
func (p Parameters) weaker(q Parameters) bool { return p.Memory < q.Memory || p.Time < q.Time }

// argon2id is a parsed hash: $argon2id$v=19$m=…,t=…,p=…[,keyid=…]$salt$key,
// as in the PHC string format.
type argon2id struct {
	Parameters
	keyID string // of the pepper, base64 without padding; "" for none
	salt  []byte
	key   []byte
}

// newArgon2id hashes a password (already peppered) with a new salt.
func newArgon2id(password []byte, p Parameters, keyID string) argon2id {
	h := argon2id{Parameters: p, keyID: keyID, salt: make([]byte, saltLength)}
	// crypto/rand.Read never returns an error.
	_, _ = rand.Read(h.salt)
	h.key = h.derive(password, keyLength)
	return h
}

// dummyArgon2id returns a hash that matches no known password, without hashing.
func dummyArgon2id(p Parameters, keyID string) argon2id {
	h := argon2id{Parameters: p, keyID: keyID, salt: make([]byte, saltLength), key: make([]byte, keyLength)}
	_, _ = rand.Read(h.salt)
	_, _ = rand.Read(h.key)
	return h
}

func (h argon2id) derive(password []byte, length int) []byte {
	return argon2.IDKey(password, h.salt, h.Time, h.Memory, h.Threads, uint32(length))
}

// matches hashes the password and compares in constant time.
func (h argon2id) matches(password []byte) bool {
	return subtle.ConstantTimeCompare(h.derive(password, len(h.key)), h.key) == 1
}

func (h argon2id) String() string {
	var keyID string
	if h.keyID != "" {
		keyID = ",keyid=" + h.keyID
	}
	encode := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d%s$%s$%s",
		argon2.Version, h.Memory, h.Time, h.Threads, keyID, encode(h.salt), encode(h.key))
}

// parseArgon2id parses a PHC string and checks the bounds of its costs.
func parseArgon2id(s string) (argon2id, error) {
	var h argon2id
	if len(s) > maxHash {
		return h, hashError("it has more than %d bytes", maxHash)
	}
	parts := strings.Split(s, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" {
		return h, hashError("it is not $argon2id$v=19$m=…,t=…,p=…$salt$hash")
	}
	if parts[2] != "v="+strconv.Itoa(argon2.Version) {
		return h, hashError("argon2id has version v=%d only", argon2.Version)
	}
	var err error
	if h.Parameters, h.keyID, err = parseParameters(parts[3]); err != nil {
		return argon2id{}, err
	}
	if h.salt, err = parseBytes(parts[4], "salt", minSalt, maxSalt); err != nil {
		return argon2id{}, err
	}
	if h.key, err = parseBytes(parts[5], "hash", minKey, maxKey); err != nil {
		return argon2id{}, err
	}
	return h, nil
}

// parseParameters parses m=…,t=…,p=…[,keyid=…], in this order.
func parseParameters(s string) (p Parameters, keyID string, err error) {
	fields := strings.Split(s, ",")
	if len(fields) == 4 {
		var named bool
		if keyID, named = strings.CutPrefix(fields[3], "keyid="); !named || keyID == "" {
			return p, "", hashError("its fourth parameter is not keyid=…")
		}
		fields = fields[:3]
	}
	if len(fields) != 3 {
		return p, "", hashError("its parameters are not m=…,t=…,p=…")
	}
	var numbers [3]uint64
	for i, name := range [...]string{"m=", "t=", "p="} {
		digits, named := strings.CutPrefix(fields[i], name)
		bits := 32
		if name == "p=" {
			bits = 8
		}
		if numbers[i], err = strconv.ParseUint(digits, 10, bits); !named || err != nil {
			return p, "", hashError("its parameters are not m=…,t=…,p=… with numbers in range")
		}
	}
	p = Parameters{Memory: uint32(numbers[0]), Time: uint32(numbers[1]), Threads: uint8(numbers[2])}
	if err := p.bounds(); err != nil {
		return Parameters{}, "", fmt.Errorf("%w: %w", ErrHash, err)
	}
	return p, keyID, nil
}

func parseBytes(s, what string, least, most int) ([]byte, error) {
	data, err := base64.RawStdEncoding.Strict().DecodeString(s)
	if err != nil || strings.ContainsAny(s, "\r\n") {
		return nil, hashError("its %s is not base64 without padding", what)
	}
	if len(data) < least || len(data) > most {
		return nil, hashError("its %s has %d bytes, not %d to %d", what, len(data), least, most)
	}
	return data, nil
}

func hashError(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrHash, fmt.Sprintf(format, args...))
}
