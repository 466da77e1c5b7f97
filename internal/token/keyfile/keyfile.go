package keyfile

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/turnike/turnike/internal/secret/secretfile"
)

// Name is the name of the file in the data directory.
const Name = "token.key"

// ErrFile says that the file does not contain the keys.
var ErrFile = errors.New("not a list of Ed25519 private keys in PEM")

// Key is one key of the file.
type Key struct {
	Private ed25519.PrivateKey
	From    time.Time // signs from then on; zero for always
	Until   time.Time // verifies until then; zero for no end
}

// Open returns the keys in the data directory, the oldest first, and creates the
// first one at the first start. tooOpen reports that the permissions go beyond
// owner and group, which deserves a warning [SEC-55].
func Open(root *os.Root) (keys []Key, tooOpen bool, err error) {
	keys, tooOpen, err = read(root)
	if !errors.Is(err, fs.ErrNotExist) {
		return keys, tooOpen, err
	}
	first, err := generate(time.Time{})
	if err != nil {
		return nil, false, err
	}
	data, err := encode([]Key{first})
	if err != nil {
		return nil, false, err
	}
	if err := secretfile.Create(root, Name, data); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, false, err
	}
	// Use what is in the file: another process may have created it first.
	return read(root)
}

// At returns the key that signs at now, and the others that verify. The keys are as
// Open returns them, and not empty.
func At(keys []Key, now time.Time) (active Key, others []Key) {
	signs := 0 // the first one, even if the clock was set back: one key must sign
	for i, key := range keys {
		if !key.From.After(now) {
			signs = i
		}
	}
	for i, key := range keys {
		if i != signs && (key.Until.IsZero() || now.Before(key.Until)) {
			others = append(others, key)
		}
	}
	return keys[signs], others
}

func generate(from time.Time) (Key, error) {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return Key{}, fmt.Errorf("make a token key: %w", err)
	}
	return Key{Private: private, From: from}, nil
}

// The blocks of the file (RFC 7468) and the names in their heads. A key without a
// head, like the first one, is an ordinary PEM block.
const (
	blockType   = "PRIVATE KEY"
	headerFrom  = "From"
	headerUntil = "Until"
)

func encode(keys []Key) ([]byte, error) {
	var out bytes.Buffer
	for _, key := range keys {
		der, err := x509.MarshalPKCS8PrivateKey(key.Private)
		if err != nil {
			return nil, fmt.Errorf("write the token keys: %w", err)
		}
		block := &pem.Block{Type: blockType, Headers: map[string]string{}, Bytes: der}
		for name, at := range map[string]time.Time{headerFrom: key.From, headerUntil: key.Until} {
			if !at.IsZero() {
				block.Headers[name] = at.UTC().Format(time.RFC3339Nano)
			}
		}
		if err := pem.Encode(&out, block); err != nil {
			return nil, fmt.Errorf("write the token keys: %w", err)
		}
	}
	return out.Bytes(), nil
}

func read(root *os.Root) (keys []Key, tooOpen bool, err error) {
	data, tooOpen, err := secretfile.Read(root, Name)
	if err != nil {
		return nil, false, fmt.Errorf("read the token keys: %w", err)
	}
	keys, ok := decode(data)
	if !ok {
		return nil, false, fmt.Errorf("%s in the data directory is %w: restore it from a backup, or remove it, which ends every session", Name, ErrFile)
	}
	return keys, tooOpen, nil
}

// decode reads what encode writes, and refuses everything else.
func decode(data []byte) (keys []Key, ok bool) {
	for len(bytes.TrimSpace(data)) > 0 {
		block, rest := pem.Decode(data)
		if block == nil || block.Type != blockType || !bytes.HasPrefix(bytes.TrimSpace(data), []byte("-----BEGIN")) {
			return nil, false
		}
		data = rest
		key, ok := decodeKey(block)
		if !ok || len(keys) > 0 && !follows(key, keys[len(keys)-1]) {
			return nil, false
		}
		keys = append(keys, key)
	}
	return keys, len(keys) > 0 && keys[len(keys)-1].Until.IsZero()
}

// follows reports whether key signs after the previous one, whose end is set.
func follows(key, before Key) bool {
	return key.From.After(before.From) && !before.Until.IsZero()
}

func decodeKey(block *pem.Block) (key Key, ok bool) {
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return Key{}, false
	}
	private, isEd25519 := parsed.(ed25519.PrivateKey)
	if !isEd25519 {
		return Key{}, false
	}
	key.Private = private
	for name, value := range block.Headers {
		at, err := time.Parse(time.RFC3339Nano, value)
		switch {
		case err != nil:
			return Key{}, false
		case name == headerFrom:
			key.From = at
		case name == headerUntil:
			key.Until = at
		default:
			return Key{}, false
		}
	}
	return key, true
}
