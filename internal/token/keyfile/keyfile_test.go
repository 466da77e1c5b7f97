package keyfile_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/turnike/turnike/internal/token/keyfile"
)

func open(t *testing.T) (*os.Root, string) {
	t.Helper()
	dir := t.TempDir()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = root.Close() })
	return root, filepath.Join(dir, keyfile.Name)
}

func TestOpen(t *testing.T) {
	root, path := open(t)
	first, tooOpen, err := keyfile.Open(root)
	if err != nil || tooOpen || len(first) != 1 || len(first[0].Private) != ed25519.PrivateKeySize {
		t.Fatalf("first start: %d keys, %v, %v", len(first), tooOpen, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode = %v, %v", info.Mode(), err)
	}
	second, _, err := keyfile.Open(root)
	if err != nil || len(second) != 1 || !first[0].Private.Equal(second[0].Private) {
		t.Errorf("second start: another key, %v", err)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, tooOpen, err := keyfile.Open(root); !tooOpen || err != nil {
		t.Errorf("readable by all: %v, %v", tooOpen, err)
	}
}

// TestOpenAtOnce: a server and commands that start in an empty directory.
func TestOpenAtOnce(t *testing.T) {
	root, _ := open(t)
	keys := make([][]keyfile.Key, 16)
	var group sync.WaitGroup
	for i := range keys {
		group.Go(func() {
			var err error
			if keys[i], _, err = keyfile.Open(root); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	for _, key := range keys {
		if len(key) != 1 || !key[0].Private.Equal(keys[0][0].Private) {
			t.Fatal("there are two keys")
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ecDER, err := x509.MarshalPKCS8PrivateKey(other)
	if err != nil {
		t.Fatal(err)
	}
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	encode := func(blockType string, der []byte) []byte {
		return pem.EncodeToMemory(&pem.Block{Type: blockType, Bytes: der})
	}
	good := encode("PRIVATE KEY", der)
	for name, content := range map[string][]byte{
		"empty":         nil,
		"not PEM":       []byte("secret"),
		"cut":           good[:len(good)/2],
		"other kind":    encode("PRIVATE KEY", ecDER),
		"other block":   encode("EC PRIVATE KEY", der),
		"broken DER":    encode("PRIVATE KEY", der[:10]),
		"two keys":      append(bytes.Clone(good), good...),
		"text after it": append(bytes.Clone(good), "x"...),
		"text before":   append([]byte("x\n"), good...),
		"a bad time":    pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Headers: map[string]string{"From": "now"}, Bytes: der}),
		"another head":  pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Headers: map[string]string{"Proc-Type": "4,ENCRYPTED"}, Bytes: der}),
		"no key signs":  pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Headers: map[string]string{"Until": "2026-01-02T03:04:05Z"}, Bytes: der}),
	} {
		t.Run(name, func(t *testing.T) {
			root, path := open(t)
			if err := os.WriteFile(path, content, 0o600); err != nil {
				t.Fatal(err)
			}
			if _, _, err := keyfile.Open(root); !errors.Is(err, keyfile.ErrFile) {
				t.Errorf("error = %v", err)
			}
			// Nobody's key is replaced without being asked.
			if after, err := os.ReadFile(path); err != nil || !bytes.Equal(after, content) {
				t.Errorf("the file was changed: %v", err)
			}
		})
	}
}
