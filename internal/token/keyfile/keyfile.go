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

	"github.com/turnike/turnike/internal/secret/secretfile"
)

// Name is the key's file in the data directory.
const Name = "token.key"

// ErrFile is for a file that does not hold the key.
var ErrFile = errors.New("not an Ed25519 private key in PEM")

const blockType = "PRIVATE KEY"

// Open gives the key in the data directory, and makes it at the first start.
// tooOpen says that others than the owner and the group may read it, which is
// worth a warning [SEC-55].
func Open(root *os.Root) (key ed25519.PrivateKey, tooOpen bool, err error) {
	key, tooOpen, err = read(root)
	if !errors.Is(err, fs.ErrNotExist) {
		return key, tooOpen, err
	}
	if err := create(root); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, false, err
	}
	// What is in the file counts: another process may have been the first.
	return read(root)
}

func create(root *os.Root) error {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return fmt.Errorf("make the token key: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return fmt.Errorf("make the token key: %w", err)
	}
	return secretfile.Create(root, Name, pem.EncodeToMemory(&pem.Block{Type: blockType, Bytes: der}))
}

func read(root *os.Root) (key ed25519.PrivateKey, tooOpen bool, err error) {
	data, tooOpen, err := secretfile.Read(root, Name)
	if err != nil {
		return nil, false, fmt.Errorf("read the token key: %w", err)
	}
	block, rest := pem.Decode(data)
	if block == nil || block.Type != blockType || len(bytes.TrimSpace(rest)) != 0 {
		return nil, false, broken()
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, false, broken()
	}
	key, isEd25519 := parsed.(ed25519.PrivateKey)
	if !isEd25519 {
		return nil, false, broken()
	}
	return key, tooOpen, nil
}

func broken() error {
	return fmt.Errorf("%s in the data directory is %w: restore it from a backup, or remove it, which ends every session", Name, ErrFile)
}
