package secretfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/turnike/turnike/internal/secret"
)

// MaxLength is the greatest length of a file, in bytes.
const MaxLength = 64 << 10

// ErrTooLong says that a file is longer than MaxLength: probably the wrong one.
var ErrTooLong = errors.New("the file is too long for a secret")

// ErrEmpty says that a file has only line ends.
var ErrEmpty = errors.New("the file is empty")

// openBits are the permissions that a file with a secret should not have: all
// beyond 0640 [SEC-55].
const openBits fs.FileMode = 0o137

// Load reads the secret in the file at path, without line ends at its end. tooOpen
// reports that the permissions go beyond 0640, which deserves a warning [SEC-55].
func Load(path string) (s secret.Secret, tooOpen bool, err error) {
	file, err := os.Open(path)
	if err != nil {
		return secret.Secret{}, false, err
	}
	data, tooOpen, err := readAll(file)
	if err != nil {
		return secret.Secret{}, false, fmt.Errorf("%s: %w", path, err)
	}
	text := strings.TrimRight(string(data), "\r\n")
	if text == "" {
		return secret.Secret{}, false, fmt.Errorf("%s: %w", path, ErrEmpty)
	}
	return secret.New(text), tooOpen, nil
}

// Read returns the content of a file in the data directory, and whether its
// permissions go beyond 0640.
func Read(root *os.Root, name string) (data []byte, tooOpen bool, err error) {
	file, err := root.Open(name)
	if err != nil {
		return nil, false, err
	}
	if data, tooOpen, err = readAll(file); err != nil {
		return nil, false, fmt.Errorf("%s: %w", name, err)
	}
	return data, tooOpen, nil
}

// TooOpen reports whether a file's permissions go beyond 0640.
func TooOpen(info fs.FileInfo) bool { return info.Mode().Perm()&openBits != 0 }

// readAll reads file to its end, at most MaxLength bytes, and closes it.
func readAll(file *os.File) (data []byte, tooOpen bool, err error) {
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, false, err
	}
	data, err = io.ReadAll(io.LimitReader(file, MaxLength+1))
	if err != nil {
		return nil, false, err
	}
	if len(data) > MaxLength {
		return nil, false, ErrTooLong
	}
	return data, TooOpen(info), nil
}
