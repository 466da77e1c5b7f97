package harness

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/argon2"
)

// Password is the password of every account in the prepared data directory.
const Password = "Mor-Salkim-7319-kapida"

// Admin is the name of the prepared administrator.
const Admin = "admin"

// People are the prepared users, all in the pool default.
func People() []string {
	return []string{"ali", "veli", "ayse", "fatma", "hasan", "zeynep"}
}

// hashMemory, in KiB, and hashTime are the lowest values that the product accepts.
const (
	hashMemory = 7168
	hashTime   = 5
)

// cheapHashes is the configuration that makes logins cheap.
func cheapHashes() []string {
	return []string{fmt.Sprintf("TURNIKE_PASSWORD_MEMORY=%d", hashMemory), fmt.Sprintf("TURNIKE_PASSWORD_TIME=%d", hashTime)}
}

// HashPHC returns a password's argon2id hash in the PHC format.
func HashPHC(password string) string {
	salt := make([]byte, 16)
	_, _ = rand.Read(salt) // never fails
	key := argon2.IDKey([]byte(password), salt, hashTime, hashMemory, 1, 32)
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=19$m=%d,t=%d,p=1$%s$%s", hashMemory, hashTime, b64.EncodeToString(salt), b64.EncodeToString(key))
}

// Account is one line for `turnike user import`.
type Account struct {
	Username string `json:"username"`
	Password string `json:"password,omitempty"`
	Hash     string `json:"password_hash,omitempty"`
	Role     string `json:"role,omitempty"`
	Pool     string `json:"pool,omitempty"`
}

// ImportFile writes accounts as JSON lines and returns the file's path. An account
// without a password gets Password.
func ImportFile(t testing.TB, accounts ...Account) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "import.jsonl")
	if err := os.WriteFile(file, importLines(accounts), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func importLines(accounts []Account) []byte {
	var b strings.Builder
	hash := HashPHC(Password) // one hash for all accounts, because hashing is expensive
	for _, a := range accounts {
		if a.Password == "" && a.Hash == "" {
			a.Hash = hash
		}
		line, err := json.Marshal(a)
		if err != nil {
			panic(err) // strings always marshal
		}
		b.Write(append(line, '\n'))
	}
	return []byte(b.String())
}

// prepare creates the data directory that each server gets a copy of, with the product's
// own commands.
func (s *Suite) prepare() error {
	accounts := []Account{{Username: Admin, Role: "admin"}}
	for _, name := range People() {
		accounts = append(accounts, Account{Username: name})
	}
	cmd := exec.Command(s.Binary, "user", "import", "-", "--data", s.seed)
	cmd.Env = append(environment(), cheapHashes()...)
	cmd.Stdin = strings.NewReader(string(importLines(accounts)))
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("turnike user import: %w\n%s", err, out)
	}
	return nil
}
