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

// MaxLength bounds what is read from a file, in bytes.
const MaxLength = 64 << 10

// ErrTooLong is for a file over MaxLength: surely not the one that was meant.
var ErrTooLong = errors.New("the file is too long for a secret")

// ErrEmpty is for a file with nothing in it but line ends.
var ErrEmpty = errors.New("the file is empty")

// openBits are the permissions that a file with a secret should not give:
// anything beyond 0640 [SEC-55].
const openBits fs.FileMode = 0o137

// Load reads the secret that an operator put into the file at path; line ends
// at its end do not belong to it. tooOpen says that the file's permissions go
// beyond 0640, which is worth a warning [SEC-55].
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

// Read gives the bytes of a file in the data directory, and whether its
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

// TooOpen tells whether a file's permissions go beyond 0640.
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
